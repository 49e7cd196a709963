-- The database roles, made once by an administrator of the database server, before the first migration.
-- portal_owner owns the tables and runs migrations. portal_app is what web processes connect as, portal_worker what
-- workers do, portal_reports what reads figures and nothing else.
-- portal_facts is stepped into for the computing of access windows; nobody can log in as it.
-- portal_scanner is stepped into by the worker, to scan the files that wait; nobody can log in as it either.
-- portal_checker is stepped into by the worker, to check the trace every night; nobody can log in as it either.
-- Give the four login roles passwords (or certificates) of your own; none is set here.
do $$
begin
    if not exists (select from pg_roles where rolname = 'portal_owner') then
        create role portal_owner login noinherit;
    end if;
    if not exists (select from pg_roles where rolname = 'portal_app') then
        create role portal_app login noinherit;
    end if;
    if not exists (select from pg_roles where rolname = 'portal_worker') then
        create role portal_worker login noinherit;
    end if;
    if not exists (select from pg_roles where rolname = 'portal_reports') then
        create role portal_reports login noinherit;
    end if;
    if not exists (select from pg_roles where rolname = 'portal_facts') then
        create role portal_facts nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'portal_scanner') then
        create role portal_scanner nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'portal_checker') then
        create role portal_checker nologin;
    end if;
end
$$;
grant portal_facts, portal_scanner to portal_app;
grant portal_checker to portal_worker;
