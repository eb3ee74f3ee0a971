-- One row: a customer's attributes while they did not change. Key: customer_id, valid_from.
-- A moment is the time a file was written. Among lines of one moment the one that `customers` would
-- choose counts; a line that repeats the attributes before it starts no new row.
{{ config(
    materialized='incremental',
    incremental_strategy='merge_touched',
    liquid_clustered_by=['customer_id'],
    unique_key=['customer_id', 'valid_from'],
    meta={'dataset': 'customers', 'lines': 'customer_versions', 'entity': 'customer_id'},
    on_schema_change='fail',
    post_hook="{{ log_files(['customers']) }}",
) }}

with customer_versions as (
    {{ rows_of_touched('customer_versions', 'customer_id', pending_files('customers')) }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, _source_modified_at
            order by _source_file desc, record_id desc
        ) as rank_in_moment
    from customer_versions
),

compared as (
    select
        *,
        struct(customer_name, gender, age) as known,
        lag(struct(customer_name, gender, age)) over (
            partition by customer_id
            order by _source_modified_at
        ) as known_before
    from ranked
    where rank_in_moment = 1
),

changes as (
    select
        *,
        lead(_source_modified_at) over (
            partition by customer_id
            order by _source_modified_at
        ) as changed_at
    from compared
    where known_before is null or known != known_before
),

final as (
    select
        -- ids
        customer_id,

        -- text and numbers
        customer_name,
        gender,
        age,

        -- the line that brought them
        record_id,
        _source_file,

        -- validity
        _source_modified_at as valid_from,
        changed_at as valid_to,
        changed_at is null as is_current
    from changes
)

select * from final
