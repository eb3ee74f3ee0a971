-- One row: one view, seed or incremental table, and the definition by which a run made it. Never
-- changed, only added to, by macros/incremental/as_defined.sql. What its newest row says is left as
-- it is.
{{ config(liquid_clustered_by=['node_id']) }}

select
    cast(null as string) as node_id,
    cast(null as string) as definition,
    cast(null as timestamp) as logged_at
where false
