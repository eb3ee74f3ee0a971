{#- The incremental strategy `match_customers` of all_sales, in this order:
    1. the days that are about to change are appended to touched_days, as daily_sales cannot see
       afterwards which there were;
    2. the sales of pending sales files are replaced, each with its customer as of now;
    3. where customer files are pending, the sales of customers who changed, came or vanished get
       their attributes; sales of other customers are not written.
    Each step may run again after a crash, and then writes the same. -#}
{% macro get_incremental_match_customers_sql(arg_dict) %}
    {%- set source, target = arg_dict['temp_relation'], arg_dict['target_relation'] -%}
    {%- set sales_files = files_to_take_over('sales') -%}
    {%- set customer_files = files_to_take_over('customers') -%}
    {%- if not sales_files and not customer_files -%}
        {{ return(no_change('no file has changed')) }}
    {%- endif -%}
    {%- do memory_of('touched_days').update({'has_logged': true}) -%}
    {%- set statements = [touch_days_sql(source, target, sales_files, customer_files)] -%}
    {%- if sales_files -%}
        {%- do statements.append(replace_files_sql(source, target, sales_files)) -%}
    {%- endif -%}
    {%- if customer_files -%}
        {%- do statements.append(match_customers_sql(target)) -%}
    {%- endif -%}
    {{ return(statements) }}
{% endmacro %}


{% macro touch_days_sql(source, target, sales_files, customer_files) -%}
    insert into {{ ref('touched_days') }}
    select distinct sold_on, current_timestamp() as touched_at
    from (
        {%- if sales_files %}
        select sold_on from {{ target }} where {{ file_is_in(sales_files) }}
        union all
        select sold_on from {{ source }}
        {%- endif %}
        {{ 'union all' if sales_files and customer_files }}
        {%- if customer_files %}
        select target.sold_on
        from {{ target }} as target
        left join {{ ref('customers') }} as customers on target.customer_id = customers.customer_id
        where {{ customer_differs() }}
        {%- endif %}
    )
{%- endmacro %}


{#- True when a sale's attributes are not those of its customer, both sides NULL for an unknown one. -#}
{% macro customer_differs() -%}
    not (
        target.is_matched = (customers.customer_id is not null)
        and target.customer_name <=> customers.customer_name
        and target.gender <=> customers.gender
        and target.age <=> customers.age
    )
{%- endmacro %}


{% macro match_customers_sql(target) -%}
    merge into {{ target }} as target
    using (
        select
            differing.customer_id,
            customers.customer_id is not null as is_matched,
            customers.customer_name,
            customers.gender,
            customers.age
        from (
            select distinct target.customer_id
            from {{ target }} as target
            left join {{ ref('customers') }} as customers
                on target.customer_id = customers.customer_id
            where {{ customer_differs() }}
        ) as differing
        left join {{ ref('customers') }} as customers
            on differing.customer_id = customers.customer_id
    ) as customers
    on target.customer_id = customers.customer_id
    when matched then update set
        is_matched = customers.is_matched,
        customer_name = customers.customer_name,
        gender = customers.gender,
        age = customers.age
{%- endmacro %}
