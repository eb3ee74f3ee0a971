-- One row: one line of a customer file, typed, with the reasons why it is rejected, if any.
-- Key: record_id. Holds every bronze row, equal lines too, told apart by occurrence.
{%- set columns = ['customer_id', 'customer_name', 'gender', 'age'] %}
{%- set ranges = {'age': 'number'} %}

with genders as (
    select
        lower(trim(spelling)) as spelling,
        lower(trim(gender)) as gender
    from {{ ref('genders') }}
),

lines as (
    {{ lines_to_check('customers', columns, ranges) }}
),

typed as (
    select
        lines.*,
        coalesce(genders.gender, lower(lines.gender_text)) as gender,
        {{ whole_number('lines.age_text', 'int') }} as age
    from lines
    left join genders
        on lower(lines.gender_text) = genders.spelling
),

final as (
    select
        -- ids
        {{ line_key() }} as record_id,
        customer_id_text as customer_id,

        -- text and numbers
        customer_name_text as customer_name,
        gender,
        age,

        -- the file's text
        {{ raw_columns(columns) }},

        -- checks
        {{ reject_reasons(
            columns,
            required={
                'customer_id': 'customer_id_text',
                'customer_name': 'customer_name_text',
                'gender': 'gender',
                'age': 'age_text',
            },
            checks=typed_values(ranges),
            ids=['customer_id'],
        ) }} as reject_reasons,
        '{{ rules_fingerprint() }}' as _rules,

        -- file
        {{ file_columns() }}
    from typed
)

select * from final
