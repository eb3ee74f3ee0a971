{#- Files are the unit of change. A model that takes files over appends a row a file to build_log
    after it has written their rows; what is pending is found by comparing that log with the log
    before it, never by a scan of rows. A crash between rows and log makes the next run repeat the
    step, which replaces the same rows. -#}


{#- The files of a dataset that the current model has to take over, as a list of
    {source_file, batch_id, rules}, in order; none when it takes over all, because it is created
    or fully refreshed.
    A model checked_<dataset> follows the loader's log; any other follows checked_<dataset>. -#}
{% macro pending_files(dataset) %}
    {%- if not execute -%}{%- set seen_by_dbt = [ref('build_log'), ref('landed_files')] -%}{%- endif -%}
    {%- if not execute or not is_incremental() -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(files_to_take_over(dataset)) }}
{% endmacro %}


{#- The same for a model's hook, which runs behind the first build too: every file that the log does
    not say is taken over. Asked once in a run, so that what is logged is what was taken over. -#}
{% macro files_to_take_over(dataset) %}
    {%- set memory = memory_of(model.unique_id) -%}
    {%- set name = 'files of ' ~ dataset -%}
    {%- if name not in memory -%}
        {%- set files = [] -%}
        {%- for row in run_query(files_to_take_over_sql(dataset, rules_fingerprint())) -%}
            {%- do files.append({'source_file': row[0], 'batch_id': row[1], 'rules': row[2]}) -%}
        {%- endfor -%}
        {%- do memory.update({name: files}) -%}
    {%- endif -%}
    {{ return(memory[name]) }}
{% endmacro %}


{% macro files_to_take_over_sql(dataset, own_rules) -%}
    with
    {% if model.name == 'checked_' ~ dataset -%}
    upstream as (
        select source_file, bronze_batch_id as batch_id, '{{ own_rules }}' as rules
        from {{ ref('landed_files') }}
        where dataset = {{ string_literals([dataset]) }} and bronze_batch_id is not null
    ),
    {%- else -%}
    upstream as (
        select source_file, batch_id, md5(concat(rules, '{{ own_rules }}')) as rules
        from ({{ newest_in_build_log('checked_' ~ dataset, dataset) }})
    ),
    {%- endif %}
    taken_over as (
        {{ newest_in_build_log(model.name, dataset) }}
    )
    select upstream.source_file, upstream.batch_id, upstream.rules
    from upstream
    left join taken_over
        on upstream.source_file = taken_over.source_file
    where
        not upstream.batch_id <=> taken_over.batch_id
        or not upstream.rules <=> taken_over.rules
    order by upstream.source_file
{%- endmacro %}


{#- One row a file of a dataset: its newest state in a model. -#}
{% macro newest_in_build_log(model_name, dataset) -%}
    select source_file, batch_id, rules
    from (
        select
            source_file,
            batch_id,
            rules,
            row_number() over (partition by source_file order by logged_at desc) as newest_rank
        from {{ ref('build_log') }}
        where model_name = '{{ model_name }}' and dataset = {{ string_literals([dataset]) }}
    )
    where newest_rank = 1
{%- endmacro %}


{#- A WHERE clause for the rows of some files: no clause for none, which means all of them. -#}
{% macro where_file_is_in(files, column='_source_file') -%}
    {%- if files is not none %}where {{ file_is_in(files, column) }}{% endif -%}
{%- endmacro %}


{#- The condition that a row is of one of some files. The names are untrusted: they are literals. -#}
{% macro file_is_in(files, column='_source_file') -%}
    {%- if files -%}
        {{ column }} in ({{ string_literals(files | map(attribute='source_file')) }})
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}


{#- Texts as a comma-separated list of Spark SQL string literals, whatever characters they hold. -#}
{% macro string_literals(texts) -%}
    {%- for text in texts -%}
        '{{ text | replace('\\', '\\\\') | replace("'", "\\'") }}'
        {{- ', ' if not loop.last -}}
    {%- endfor -%}
{%- endmacro %}


{#- A fingerprint of everything but the data that decides what the model makes of a row: its own
    text, the macros of this project that it calls, directly or through others, the contents of the
    seeds it reads, but for one that decides about whole files, and the names that are a header's. A
    row added to a seed, or a new alias, takes effect on the next run, with no full refresh. -#}
{% macro rules_fingerprint() -%}
    {%- if execute -%}
        {{- rules_of(model.unique_id) -}}
    {%- endif -%}
{%- endmacro %}


{#- The same of any node of the graph. -#}
{% macro rules_of(id) %}
    {%- set memory = memory_of(id) -%}
    {%- if 'rules' not in memory -%}
        {#- The graph has what the model named when it was parsed; dbt adds to `model` what it runs. -#}
        {%- set parsed = (graph.nodes or {}).get(id, model) -%}
        {%- set parts = [parsed.raw_code] -%}
        {%- for parent in parsed.depends_on.nodes | sort
               if parent.startswith('seed.') and graph.nodes[parent].config.meta.get('decides_about') != 'files' -%}
            {%- do parts.append(graph.nodes[parent].checksum.checksum) -%}
        {%- endfor -%}
        {%- set macros = [] -%}
        {%- do macros.extend(parsed.depends_on.macros) -%}
        {%- for id in macros if id.split('.')[1] == project_name -%}
            {%- for inner in context[id.split('.')[2]].macro.depends_on.macros if inner not in macros -%}
                {%- do macros.append(inner) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- for id in macros | sort if id.split('.')[1] == project_name -%}
            {%- do parts.append(context[id.split('.')[2]].macro.macro_sql) -%}
        {%- endfor -%}
        {%- for table in declared_tables() if parsed.name == 'checked_' ~ table.name -%}
            {%- do parts.append(names_in_headers(table.name) | string) -%}
        {%- endfor -%}
        {%- do memory.update({'rules': local_md5(parts | join('\n'))}) -%}
    {%- endif -%}
    {{ return(memory['rules']) }}
{% endmacro %}
