"""Data types and values between SQL, Delta, Arrow and Thrift, and the results of statements."""
