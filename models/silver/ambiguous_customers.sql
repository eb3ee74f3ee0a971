-- One row: one customer of whom one file says different things. Key: customer_id, _source_file.
-- Their lines are accepted, and `customers` takes one of them by its key: the file does not say
-- which is the newer.
with customer_versions as (
    select * from {{ ref('customer_versions') }}
),

versions as (
    select distinct
        customer_id,
        _source_file,
        customer_name,
        gender,
        age
    from customer_versions
),

final as (
    select
        customer_id,
        _source_file,
        count(*) as versions
    from versions
    group by customer_id, _source_file
    having count(*) > 1
)

select * from final
