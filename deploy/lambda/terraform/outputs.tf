output "function_arn" {
  value = aws_lambda_function.function.arn
}

output "role_arn" {
  description = "For the KMS key's policy, if that does not leave access to IAM policies."
  value       = aws_iam_role.function.arn
}
