-- The current rows of customer_history are the customers, and each row ends where the next begins.
-- Prevents the two from choosing different lines of a customer, each looking right by itself.
-- It looks at customers of files that were built since it last passed, in an audit at all of them.
with chosen as (
    select customer_id
    from {{ ref('customer_versions') }}
    where {{ built_since_passed(builder='customers') }}
    union all
    select customer_id
    from {{ ref('customers') }}
    where {{ built_since_passed(builder='customers') }}
),

customers as (
    select * from {{ ref('customers') }}
    where customer_id in (select chosen.customer_id from chosen)
),

history as (
    select
        *,
        lead(valid_from) over (partition by customer_id order by valid_from) as next_valid_from
    from {{ ref('customer_history') }}
    where customer_id in (select chosen.customer_id from chosen)
),

current_history as (
    select * from history
    where is_current
)

select
    coalesce(customers.customer_id, current_history.customer_id) as customer_id,
    'not the current state' as problem
from customers
full outer join current_history
    on
        customers.customer_id = current_history.customer_id
        and customers.customer_name = current_history.customer_name
        and customers.gender = current_history.gender
        and customers.age = current_history.age
where customers.customer_id is null or current_history.customer_id is null
union all
select
    customer_id,
    'gap, overlap or empty state' as problem
from history
where not (valid_to <=> next_valid_from) or valid_to <= valid_from
