{#- Sets the column tags that a bronze model's source declares on the source's table, which the loader
    makes and dbt does not; of its own models the adapter sets them. `_corrupt_record` holds a whole
    line, and so whatever any column holds. A tag that is there already is not set again. -#}
{% macro mark_source_columns() %}
    {%- if execute -%}
        {%- for source_name, table_name in model.sources -%}
            {%- set table = graph.sources['source.' ~ project_name ~ '.' ~ source_name ~ '.' ~ table_name] -%}
            {%- set wanted = {} -%}
            {%- for column in table.columns.values() if column.get('databricks_tags') -%}
                {%- do wanted.update({column.name: column.databricks_tags}) -%}
                {%- if column.databricks_tags.get('personal_data') -%}
                    {%- do wanted.update({'_corrupt_record': {'personal_data': 'line'}}) -%}
                {%- endif -%}
            {%- endfor -%}
            {%- if wanted -%}
                {%- set relation = source(source_name, table_name).incorporate(type='table') -%}
                {%- do tag_columns(relation, wanted) -%}
                {%- do mask_columns(relation, wanted) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{% macro tag_columns(relation, wanted) %}
    {%- set held = [] -%}
    {%- for row in fetch_column_tags(relation).rows -%}
        {%- do held.append((row[0], row[1], row[2])) -%}
    {%- endfor -%}
    {%- for column, tags in wanted.items() -%}
        {%- for tag, value in tags.items() if (column, tag, value) not in held -%}
            {%- do run_query(alter_set_column_tags(relation, column, {tag: value})) -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}


{#- Masks the personal data of a model that is a table, behind its run. What a view shows is masked
    in the tables that it reads. -#}
{% macro mask_model_columns() %}
    {%- if execute and config.get('materialized') != 'view' -%}
        {%- set tagged = {} -%}
        {%- for column in model.columns.values() if column.get('databricks_tags') -%}
            {%- do tagged.update({column.name: column.databricks_tags}) -%}
        {%- endfor -%}
        {%- do mask_columns(this.incorporate(type='table'), tagged) -%}
    {%- endif -%}
{% endmacro %}


{#- Where the variable `personal_data_group` names a group, sets a mask on each column that is tagged
    as personal data, but for ids: members are shown the value, all others NULL. Its functions
    `shown_<type>` are in the table's schema. A mask that is there already stays. -#}
{% macro mask_columns(relation, tagged) %}
    {%- set names = [] -%}
    {%- for name, tags in tagged.items() if tags.get('personal_data', 'id') != 'id' -%}
        {%- do names.append(name) -%}
    {%- endfor -%}
    {%- if names and var('personal_data_group') -%}
        {%- set masked = fetch_column_masks(relation).columns[0].values() -%}
        {%- set made = [] -%}
        {%- for column in adapter.get_columns_in_relation(relation) if column.name in names -%}
            {%- set function = api.Relation.create(
                database=relation.database, schema=relation.schema,
                identifier='shown_' ~ modules.re.sub('[^a-z0-9]+', '_', column.dtype | lower)
            ) -%}
            {%- if function.identifier not in made -%}
                {%- do made.append(function.identifier) -%}
                {%- do run_query(
                    "create or replace function " ~ function ~ "(value " ~ column.dtype ~ ") returns "
                    ~ column.dtype ~ " return case when is_account_group_member("
                    ~ personal_data_group_as_text() ~ ") then value end"
                ) -%}
            {%- endif -%}
            {%- if column.name not in masked -%}
                {%- do run_query(alter_set_column_mask(relation, column.name, {'function': function})) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{% macro personal_data_group_as_text() -%}
    '{{ var('personal_data_group') | replace('\\', '\\\\') | replace("'", "\\'") }}'
{%- endmacro %}


{#- Ends a run of models by somebody who is no member of `personal_data_group`: silver is made from
    what bronze shows, and would be made from NULLs. -#}
{% macro check_personal_data_group() %}
    {%- set runs_models = ('model.' ~ project_name) in (selected_resources | join(' ')) -%}
    {%- if execute and runs_models and var('personal_data_group') -%}
        {%- set group = personal_data_group_as_text() -%}
        {%- if not run_query('select is_account_group_member(' ~ group ~ ') as is_member').rows[0][0] -%}
            {{ exceptions.raise_compiler_error(
                "personal_data_group: who runs this is no member of the account group " ~ group
                ~ ", and would read NULL for every name, gender and age, and reject every row. Add "
                ~ "them to the group (the job's principal first of all), or name another."
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{#- `dbt run-operation remove_masks`: shows personal data to everybody again who may read the tables.
    A mask of somebody's own stays. -#}
{% macro remove_masks() %}
    {%- set found = run_query(
        "select table_schema, table_name, column_name from `" ~ target.database
        ~ "`.information_schema.column_masks where contains(mask_name, concat(table_schema, '.shown_'))"
    ) -%}
    {%- for row in found.rows -%}
        {%- set table = api.Relation.create(
            database=target.database, schema=row[0], identifier=row[1], type='table'
        ) -%}
        {%- do run_query(alter_drop_column_mask(table, row[2])) -%}
    {%- endfor -%}
    {%- do log(found.rows | length ~ ' masks removed', info=true) -%}
{% endmacro %}
