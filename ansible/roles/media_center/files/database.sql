-- Each SELECT writes the statement that is missing, \gexec runs it.
\pset tuples_only on
SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', :'role')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
-- C.UTF-8 keeps indexes valid when the system's collations change; names are sorted by the service.
SELECT format('CREATE DATABASE %I OWNER %I ENCODING %L LOCALE %L TEMPLATE template0',
              :'database', :'role', 'UTF8', 'C.UTF-8')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'database')
 WHERE has_database_privilege('public', :'database', 'CONNECT') \gexec
