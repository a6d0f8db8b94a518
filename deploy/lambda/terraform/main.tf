# A Lambda function that reads its secrets from clef-agent, which runs beside it as an extension.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.4"
    }
  }
}

locals {
  layer     = var.architecture == "arm64" ? "arm64" : "x64"
  layer_zip = "${path.module}/../../../dist/layer/clef-agent-lambda-${local.layer}.zip"
}

data "aws_partition" "current" {}

data "archive_file" "function" {
  type        = "zip"
  source_file = "${path.module}/../function/index.py"
  output_path = "${path.module}/.terraform/function.zip"
}

resource "aws_lambda_layer_version" "clef_agent" {
  layer_name               = "clef-agent-${local.layer}"
  description              = "clef-agent as a Lambda extension, for ${var.architecture}."
  filename                 = local.layer_zip
  source_code_hash         = filebase64sha256(local.layer_zip)
  compatible_architectures = [var.architecture]
  license_info             = "MIT"
}

resource "aws_lambda_function" "function" {
  function_name    = var.function_name
  runtime          = "python3.13"
  architectures    = [var.architecture]
  handler          = "index.handler"
  filename         = data.archive_file.function.output_path
  source_code_hash = data.archive_file.function.output_base64sha256
  timeout          = 10
  memory_size      = 256
  role             = aws_iam_role.function.arn
  layers           = [aws_lambda_layer_version.clef_agent.arn]

  environment {
    variables = {
      CLEF_AGENT_SOURCE      = "s3://${var.artifact_bucket}/${var.artifact_key}"
      CLEF_AGENT_VERIFY_KEY  = var.verify_key
      CLEF_AGENT_IDENTITY    = var.identity
      CLEF_AGENT_ENVIRONMENT = var.service_environment
      CLEF_AGENT_CACHE_TTL   = var.cache_ttl
      # CLEF_AGENT_AGE_KEY would open an artifact packed for an age recipient. KMS is better here: an age key would
      # be readable to everybody who may read this function's configuration or Terraform's state, while the KMS key
      # never leaves KMS, shows each use in CloudTrail, and can be taken away from the role alone.
    }
  }

  # Else a first invocation could find the role without its policy, or no group to write its log to.
  depends_on = [aws_iam_role_policy.function, aws_cloudwatch_log_group.function]
}

resource "aws_iam_role" "function" {
  name_prefix        = "clef-agent-"
  assume_role_policy = data.aws_iam_policy_document.assume_role.json
}

data "aws_iam_policy_document" "assume_role" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "function" {
  name   = "clef-agent"
  role   = aws_iam_role.function.id
  policy = data.aws_iam_policy_document.function.json
}

data "aws_iam_policy_document" "function" {
  statement {
    sid       = "ReadTheArtifact"
    actions   = ["s3:GetObject"]
    resources = ["arn:${data.aws_partition.current.partition}:s3:::${var.artifact_bucket}/${var.artifact_key}"]
  }

  statement {
    sid       = "OpenTheArtifact"
    actions   = ["kms:Decrypt"]
    resources = [var.artifact_kms_key_arn]
  }

  statement {
    sid     = "WriteLogs"
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    # The :* stands for the streams of this one group; Lambda makes up their names.
    resources = ["${aws_cloudwatch_log_group.function.arn}:*"]
  }
}

# Made here and not by Lambda: the role needs no logs:CreateLogGroup, and logs do not stay for ever.
resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${var.function_name}"
  retention_in_days = 30
}
