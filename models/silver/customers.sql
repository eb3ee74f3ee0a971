-- One row: one customer with the newest accepted attributes. Key: customer_id.
-- Newest: the file written last; within one moment the file's name, then the line's key, decide,
-- so that every run chooses the same line. A run chooses again for the customers of pending files:
-- those on a line of them now, and those whose line was in them.
{{ config(
    materialized='incremental',
    incremental_strategy='merge_touched',
    liquid_clustered_by=['customer_id'],
    unique_key='customer_id',
    meta={'dataset': 'customers', 'lines': 'customer_versions', 'entity': 'customer_id'},
    on_schema_change='fail',
    post_hook="{{ log_files(['customers']) }}",
) }}

with customer_versions as (
    {{ rows_of_touched('customer_versions', 'customer_id', pending_files('customers')) }}
),

described as (
    select
        *,
        to_json(struct(customer_name, gender, age)) as known
    from customer_versions
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by _source_modified_at desc, _source_file desc, record_id desc
        ) as newest_rank,
        min(known) over (partition by customer_id, _source_file)
        != max(known) over (partition by customer_id, _source_file) as is_ambiguous
    from described
),

final as (
    select
        -- ids
        customer_id,

        -- text and numbers
        customer_name,
        gender,
        age,

        -- the line the attributes come from
        record_id,
        _source_file,
        _source_modified_at,
        is_ambiguous
    from ranked
    where newest_rank = 1
)

select * from final
