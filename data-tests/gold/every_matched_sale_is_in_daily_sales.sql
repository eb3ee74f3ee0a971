-- daily_sales counts the matched sales and their units, day by day.
{{ days_that_differ(ref('sales_of_customer'), ref('daily_sales')) }}
