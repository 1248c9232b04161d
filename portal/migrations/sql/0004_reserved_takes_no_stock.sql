-- A reserved closure keeps a date for some units; it takes no stock, so the guard passes it by.

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
              AND closed.kind <> 'reserved' AND closed.during && wanted
            UNION ALL
            SELECT coalesce(upper(closed.during), 'infinity'), -coalesce(closed.quantity, stock)
            FROM closure AS closed
            WHERE int4range(closed.resource_id, closed.resource_id, '[]')
                  && int4range(wanted_resource, wanted_resource, '[]')
              AND closed.kind <> 'reserved' AND closed.during && wanted
        ) AS changes
    ) AS levels
$$;
