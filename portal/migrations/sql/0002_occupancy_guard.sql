-- The database is the last judge: nothing that writes an occupancy, by whatever road, can take
-- more of a resource than there is at any instant. Closures count as taken.
--
-- The resource's row is locked first, so two writers of one resource queue up instead of racing,
-- and the sum below sees everything committed before it. That needs a fresh snapshot for each
-- statement, which REPEATABLE READ does not give: there the write is refused.

CREATE OR REPLACE FUNCTION peak_taken(wanted_resource integer, wanted tstzrange, stock integer)
RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(max(running), 0) FROM (
        -- At the same instant what ends comes before what begins: periods are half-open.
        SELECT sum(change) OVER (ORDER BY instant, change ROWS UNBOUNDED PRECEDING) AS running
        FROM (
            SELECT greatest(lower(taken.during), lower(wanted)) AS instant,
                   taken.quantity AS change
            FROM occupancy AS taken
            WHERE int4range(taken.resource_id, taken.resource_id, '[]')
                  && int4range(wanted_resource, wanted_resource, '[]')
              AND taken.during && wanted
            UNION ALL
            SELECT coalesce(upper(taken.during), 'infinity'), -taken.quantity
            FROM occupancy AS taken
            WHERE int4range(taken.resource_id, taken.resource_id, '[]')
                  && int4range(wanted_resource, wanted_resource, '[]')
              AND taken.during && wanted
            UNION ALL
            SELECT greatest(coalesce(lower(closed.during), '-infinity'), lower(wanted)),
                   coalesce(closed.quantity, stock)
            FROM closure AS closed
            WHERE int4range(closed.resource_id, closed.resource_id, '[]')
                  && int4range(wanted_resource, wanted_resource, '[]')
              AND closed.during && wanted
            UNION ALL
            SELECT coalesce(upper(closed.during), 'infinity'), -coalesce(closed.quantity, stock)
            FROM closure AS closed
            WHERE int4range(closed.resource_id, closed.resource_id, '[]')
                  && int4range(wanted_resource, wanted_resource, '[]')
              AND closed.during && wanted
        ) AS changes
    ) AS levels
$$;

CREATE OR REPLACE FUNCTION guard_occupancy() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    available integer;
    peak bigint;
BEGIN
    IF current_setting('transaction_isolation') = 'repeatable read' THEN
        RAISE EXCEPTION 'occupancies are not written under REPEATABLE READ'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    -- Giving stock back is always allowed, also where a closure lies over it.
    IF TG_OP = 'UPDATE' AND NEW.resource_id = OLD.resource_id
       AND NEW.quantity <= OLD.quantity AND NEW.during <@ OLD.during THEN
        RETURN NULL;
    END IF;
    SELECT stock INTO available FROM resource WHERE id = NEW.resource_id FOR NO KEY UPDATE;
    peak := peak_taken(NEW.resource_id, NEW.during, available);
    IF peak > available THEN
        RAISE EXCEPTION 'resource % has % in stock, % would be taken', NEW.resource_id,
            available, peak
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'occupancy_within_stock',
                  TABLE = 'occupancy';
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER occupancy_guard
    AFTER INSERT OR UPDATE ON occupancy
    FOR EACH ROW EXECUTE FUNCTION guard_occupancy();

-- Less stock than is promised cannot be written either. What lies in the past does not count.
CREATE OR REPLACE FUNCTION guard_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT coalesce(max(running), 0) FROM (
            SELECT sum(change) OVER (ORDER BY instant, change ROWS UNBOUNDED PRECEDING) AS running
            FROM (
                SELECT lower(during) AS instant, quantity AS change FROM occupancy
                WHERE resource_id = NEW.id AND upper(during) > now()
                UNION ALL
                SELECT upper(during), -quantity FROM occupancy
                WHERE resource_id = NEW.id AND upper(during) > now()
            ) AS changes
        ) AS levels) > NEW.stock THEN
        RAISE EXCEPTION 'resource % is promised beyond a stock of %', NEW.id, NEW.stock
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'stock_covers_occupancies',
                  TABLE = 'resource';
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER stock_guard
    BEFORE UPDATE OF stock ON resource
    FOR EACH ROW WHEN (NEW.stock < OLD.stock) EXECUTE FUNCTION guard_stock();

