-- One row: one line of a customer file, typed, with the reasons why it is rejected, if any.
-- Key: record_id. Holds every bronze row, equal lines too, told apart by occurrence.
{{ config(
    materialized='incremental',
    incremental_strategy='replace_files',
    on_schema_change='fail',
) }}

{%- set raw_columns = ['raw_customer_id', 'raw_customer_name', 'raw_gender', 'raw_age'] %}

with bronze_customers as (
    select * from {{ ref('bronze_customers') }}
),

trimmed as (
    select
        -- the file's text
        customer_id as raw_customer_id,
        customer_name as raw_customer_name,
        gender as raw_gender,
        age as raw_age,

        -- the same, trimmed; NULL when blank
        {{ trimmed('customer_id') }} as customer_id,
        {{ trimmed('customer_name') }} as customer_name,
        lower({{ trimmed('gender') }}) as gender,
        {{ trimmed('age') }} as age_text,

        -- file
        _source_file,
        _source_modified_at,
        _batch_id,
        _loaded_at,
        _corrupt_record
    from bronze_customers
),

hashed as (
    select
        *,
        {{ line_hash(['_source_file'] + raw_columns + ['_corrupt_record']) }} as line_hash
    from trimmed
),

typed as (
    select
        *,
        {{ whole_number('age_text', 'int') }} as age,
        row_number() over (partition by _source_file, line_hash order by line_hash) as occurrence
    from hashed
),

final as (
    select
        -- ids
        sha2(concat(line_hash, '-', occurrence), 256) as record_id,
        customer_id,

        -- text and numbers
        customer_name,
        gender,
        age,

        -- the file's text
        raw_customer_id,
        raw_customer_name,
        raw_gender,
        raw_age,

        -- checks
        {{ reject_reasons(
            required={
                'customer_id': 'customer_id',
                'customer_name': 'customer_name',
                'gender': 'gender',
                'age': 'age_text',
            },
            checks={
                'corrupt_line': '_corrupt_record is not null',
                'invalid_age': 'age_text is not null and coalesce(age, 131) > 130',
                'unclosed_quote': unclosed_quote(raw_columns),
                'undeclared_escape': undeclared_escape(raw_columns),
            },
        ) }} as reject_reasons,
        '{{ rules_fingerprint() }}' as _rules,

        -- file
        _source_file,
        _source_modified_at,
        _batch_id,
        _loaded_at,
        _corrupt_record
    from typed
)

select * from final
