-- Conservation: per dataset and file, bronze rows = accepted rows + rejected rows.
-- Prevents rows that vanish, or stay after their file has changed, without anybody noticing.
with counted as (
    select
        'sales' as dataset,
        _source_file,
        1 as in_bronze,
        0 as in_silver
    from {{ source('bronze', 'sales') }}
    union all
    select
        'sales' as dataset,
        _source_file,
        0 as in_bronze,
        1 as in_silver
    from {{ ref('sales') }}
    union all
    select
        'sales' as dataset,
        _source_file,
        0 as in_bronze,
        1 as in_silver
    from {{ ref('rejected_sales') }}
    union all
    select
        'customers' as dataset,
        _source_file,
        1 as in_bronze,
        0 as in_silver
    from {{ source('bronze', 'customers') }}
    union all
    select
        'customers' as dataset,
        _source_file,
        0 as in_bronze,
        1 as in_silver
    from {{ ref('customer_versions') }}
    union all
    select
        'customers' as dataset,
        _source_file,
        0 as in_bronze,
        1 as in_silver
    from {{ ref('rejected_customers') }}
)

select
    dataset,
    _source_file,
    sum(in_bronze) as bronze_rows,
    sum(in_silver) as silver_rows
from counted
group by dataset, _source_file
having sum(in_bronze) != sum(in_silver)
