-- One row: one customer with the newest accepted attributes. Key: customer_id.
-- Newest: the file written last; within one moment the file's name, then the line's key, decide,
-- so that every run chooses the same line.
{{ config(materialized='table') }}

with customer_versions as (
    select * from {{ ref('customer_versions') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by _source_modified_at desc, _source_file desc, record_id desc
        ) as newest_rank
    from customer_versions
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
        _source_modified_at
    from ranked
    where newest_rank = 1
)

select * from final
