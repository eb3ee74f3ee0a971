{#- Hooks behind a model that takes files over: they append a row a file to build_log, and they are
    where conservation is proved, for every dataset, on every run, at the cost of the files that
    changed. A model whose counts do not add up fails, so that nothing behind it is built. -#}


{#- For checked_<dataset>: bronze rows = accepted + rejected, both are what the loader logged, and no
    file is rejected for more than the seed file_limits allows. Only files of which that is true are
    logged, so that rows are counted once; where fewer were logged than were taken over, it is asked
    which are not. -#}
{% macro log_checked_files() %}
    {%- if not execute -%}{%- set seen_by_dbt = [ref('build_log'), ref('landed_files'), ref('file_limits')] -%}{%- endif -%}
    {%- if execute -%}
        {%- set dataset = dataset_of_model() -%}
        {%- for files in files_to_take_over(dataset) | batch(var('files_a_statement')) -%}
            {%- do memory_of(model.name).update({'has_logged': true}) -%}
            {%- set logged = run_query(log_checked_files_sql(dataset, files)) -%}
            {%- if not logged | length or logged[0][0] != files | length -%}
                {%- set wrong = run_query(wrong_files_sql(dataset, files)).rows -%}
                {%- set uneven = wrong | selectattr(5) | list -%}
                {%- if uneven -%}
                    {%- do exceptions.raise_compiler_error(uneven_files_message(dataset, uneven)) -%}
                {%- elif wrong | length -%}
                    {%- do exceptions.raise_compiler_error(bad_files_message(dataset, wrong)) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{#- One row a file: its batch and rows by the loader's log, in bronze and in the checked model. -#}
{% macro counted_files_sql(dataset, files) -%}
    with files as (
        select
            source_file,
            bronze_batch_id as batch_id,
            bronze_rows as logged_rows,
            status = 'loaded' as is_loaded
        from {{ ref('landed_files') }}
        where dataset = {{ string_literals([dataset]) }} and {{ file_is_in(files, 'source_file') }}
    ),
    bronze as (
        select _source_file, count(*) as bronze_rows
        from {{ declared_table(dataset).relation_name }}
        where {{ file_is_in(files) }}
        group by _source_file
    ),
    {{ rejections_of_files(files) }}
    checked as (
        select
            _source_file,
            min(_batch_id) as batch_id,
            count_if(size(reject_reasons) = 0) as accepted_rows,
            count_if(size(reject_reasons) > 0) as rejected_rows
        from {{ this }}
        where {{ file_is_in(files) }}
        group by _source_file
    ),
    counted as (
        select
            files.source_file,
            files.batch_id,
            coalesce(files.is_loaded and checked.batch_id != files.batch_id, false) as is_of_another_batch,
            files.logged_rows,
            coalesce(bronze.bronze_rows, 0) as bronze_rows,
            coalesce(checked.accepted_rows, 0) as accepted_rows,
            coalesce(checked.rejected_rows, 0) as rejected_rows,
            rejections.rejections
        from files
        left join bronze on files.source_file = bronze._source_file
        left join checked on files.source_file = checked._source_file
        left join rejections on files.source_file = rejections._source_file
    ),
    judged as (
        select
            counted.*,
            bronze_rows != accepted_rows + rejected_rows
            or bronze_rows != logged_rows
            or is_of_another_batch as is_uneven,
            coalesce(
                rejected_rows > limits.error_share * bronze_rows
                and rejected_rows >= limits.error_rows,
                false
            ) as is_bad
        from counted
        left join ({{ limits_of_dataset(string_literals([dataset])) }}) as limits on true
    )
{%- endmacro %}


{#- Two queries of counted_files_sql: how often each reason rejects, and these of a file in one value. -#}
{% macro rejections_of_files(files) -%}
    reasons as (
        select _source_file, reason, count(*) as row_count
        from (
            select _source_file, explode(reject_reasons) as reason
            from {{ this }}
            where {{ file_is_in(files) }}
        )
        group by _source_file, reason
    ),
    rejections as (
        select
            _source_file,
            sort_array(collect_list(named_struct('reason', reason, 'row_count', row_count)))
                as rejections
        from reasons
        group by _source_file
    ),
{%- endmacro %}


{#- The files whose rows do not add up (is_uneven), and those that are rejected for the larger part. -#}
{% macro wrong_files_sql(dataset, files) -%}
    {{ counted_files_sql(dataset, files) }}
    select
        source_file,
        logged_rows,
        bronze_rows,
        accepted_rows,
        rejected_rows,
        is_uneven,
        {{ commonest_reason('rejections') }} as commonest_reason
    from judged
    where is_uneven or is_bad
    order by source_file
{%- endmacro %}


{#- The row of file_limits for a dataset, or the one for any. -#}
{% macro limits_of_dataset(dataset) -%}
    select *
    from {{ ref('file_limits') }}
    where dataset in ({{ dataset }}, 'any')
    order by case when dataset = 'any' then 1 else 0 end
    limit 1
{%- endmacro %}


{#- The reason that most of a file's rejected rows have. -#}
{% macro commonest_reason(rejections) -%}
    try_element_at(
        array_sort(transform({{ rejections }}, r -> struct(-r.row_count as order_by, r.reason as reason))), 1
    ).reason
{%- endmacro %}


{% macro bad_files_message(dataset, wrong) -%}
    {{ wrong | length }} file(s) of dataset {{ dataset }} are rejected for the larger part, so gold is left as it was.
    {%- for row in wrong[:5] %}
    {{ row[0] }}: {{ row[4] }} of {{ row[2] }} rows rejected ({{ (100.0 * (row[4] | float) / (row[2] | float)) | round(1) }} %), most of them as {{ row[6] }}.
    {%- endfor %}
    The rows are in {{ this.schema }}.rejected_{{ dataset }}. Have the file sent again, withdraw it (docs/operations.md, "A bad file must be withdrawn"), or change what decides: a rule ("A file is mostly rejected" there) or the limits in seeds/file_limits.csv. The next run checks the file again.
{%- endmacro %}


{% macro uneven_files_message(dataset, wrong) -%}
    Rows of dataset {{ dataset }} do not add up in {{ wrong | length }} file(s).
    {%- for row in wrong[:5] %}
    {{ row[0] }}: the loader logged {{ row[1] }} rows, bronze has {{ row[2] }}, and {{ model.name }} has {{ row[3] }} accepted and {{ row[4] }} rejected.
    {%- endfor %}
    Something but the loader and dbt has written to one of these tables, or the loader ran meanwhile. Run `load-bronze --verify`, which says which files and table differ, then `dbt build` again.
{%- endmacro %}


{% macro log_checked_files_sql(dataset, files) -%}
    insert into {{ ref('build_log') }}
    {{ counted_files_sql(dataset, files) }}
    select
        '{{ model.name }}' as model_name,
        {{ string_literals([dataset]) }} as dataset,
        source_file,
        batch_id,
        '{{ rules_fingerprint() }}' as rules,
        bronze_rows,
        accepted_rows,
        rejected_rows,
        rejections,
        current_timestamp() as logged_at
    from judged
    where not is_uneven and not is_bad
{%- endmacro %}


{#- For a model behind checked_<dataset>, for each of the datasets that it follows. -#}
{% macro log_files(datasets) %}
    {%- if not execute -%}{%- set seen_by_dbt = [ref('build_log'), ref('landed_files')] -%}{%- endif -%}
    {%- if execute -%}
        {%- for dataset in datasets -%}
            {%- for files in files_to_take_over(dataset) | batch(var('files_a_statement')) -%}
                {%- do memory_of(model.name).update({'has_logged': true}) -%}
                {%- do run_query(log_files_sql(dataset, files)) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{% macro log_files_sql(dataset, files) -%}
    insert into {{ ref('build_log') }}
    values
    {%- for file in files %}
    (
        '{{ model.name }}', {{ string_literals([dataset, file.source_file, file.batch_id, file.rules]) }},
        null, null, null, null, current_timestamp()
    ){{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
