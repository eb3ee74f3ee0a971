{#- The layer's name alone where the catalog belongs to one environment (local, ci, prod); on dev,
    where people share a catalog, each person's own prefix before it. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if target.name == 'local' and not target.host.startswith('localhost') -%}
        {{ exceptions.raise_compiler_error(
            "The target local is for the warehouse of this machine, and DATABRICKS_HOST names "
            ~ target.host ~ ". Use `--target dev`, which builds schemas of your own there."
        ) }}
    {%- endif -%}
    {%- if custom_schema_name is none -%}
        {{ target.schema }}
    {%- elif target.name in ('local', 'ci', 'prod') -%}
        {{ custom_schema_name | trim }}
    {%- else -%}
        {{ target.schema }}_{{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}
