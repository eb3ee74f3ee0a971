{#- Sets the column tags that a bronze model's source declares on the source's table, which the loader
    makes and dbt does not; of its own models the adapter sets them. `_corrupt_record` holds a whole
    line, and so whatever any column holds. A tag that is there already is not set again. -#}
{% macro tag_source_columns() %}
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
                {%- set held = [] -%}
                {%- for row in fetch_column_tags(relation).rows -%}
                    {%- do held.append((row[0], row[1], row[2])) -%}
                {%- endfor -%}
                {%- for column, tags in wanted.items() -%}
                    {%- for tag, value in tags.items() if (column, tag, value) not in held -%}
                        {%- do run_query(alter_set_column_tags(relation, column, {tag: value})) -%}
                    {%- endfor -%}
                {%- endfor -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
