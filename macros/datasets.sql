{#- The datasets are the source tables with an `external:` block, and nothing else says which there
    are. The graph is complete when SQL is run, so these give nothing while dbt parses. -#}


{#- The declared source tables as dbt has them (name, identifier, relation_name, …), by name. -#}
{% macro declared_tables() %}
    {%- set tables = [] -%}
    {%- if execute -%}
        {%- for table in (graph.sources or {}).values() | sort(attribute='name') if table.external -%}
            {%- do tables.append(table) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(tables) }}
{% endmacro %}


{#- The declared table of a dataset. Raises an error that names it when it is not declared. -#}
{% macro declared_table(dataset) %}
    {%- for table in declared_tables() if table.name == dataset -%}
        {{ return(table) }}
    {%- endfor -%}
    {%- do exceptions.raise_compiler_error(
        model.name ~ ': no dataset ' ~ dataset ~ ' is declared in models/bronze/_bronze__sources.yml. '
        ~ 'A model checked_<dataset> is named for its source table.'
    ) -%}
{% endmacro %}


{#- The declared tables that the loader has made. A dataset that was declared since has none yet. -#}
{% macro loaded_tables() %}
    {%- set tables = [] -%}
    {%- for table in declared_tables() if adapter.get_relation(table.database, table.schema, table.identifier) -%}
        {%- do tables.append(table) -%}
    {%- endfor -%}
    {{ return(tables) }}
{% endmacro %}


{#- {dataset, bronze, checked} for each loaded dataset that has a model checked_<dataset>: its name and
    its two relations. -#}
{% macro relations_of_checked_datasets() %}
    {%- set pairs = [] -%}
    {%- for table in loaded_tables() -%}
        {%- set checked = graph.nodes.get('model.' ~ project_name ~ '.checked_' ~ table.name) -%}
        {%- if checked -%}
            {%- do pairs.append({
                'dataset': table.name, 'bronze': table.relation_name, 'checked': checked.relation_name
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(pairs) }}
{% endmacro %}
