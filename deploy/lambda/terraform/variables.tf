variable "function_name" {
  type    = string
  default = "clef-agent-example"
}

variable "architecture" {
  description = "Of the function, and so of the layer: x86_64 or arm64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "The architecture is x86_64 or arm64."
  }
}

variable "artifact_bucket" {
  description = "Bucket that holds the packed artifact."
  type        = string
}

variable "artifact_key" {
  description = "Key of the packed artifact, such as api/production.age.json."
  type        = string

  # A * or ? here would widen the policy to other objects; % and # mean something else in an address.
  validation {
    condition     = can(regex("^[A-Za-z0-9!_.'()/-]+$", var.artifact_key))
    error_message = "The key may hold letters, digits and !_.'()/- only."
  }
}

variable "artifact_kms_key_arn" {
  description = "ARN of the KMS key the artifact was packed for. Not of an alias, as IAM policies name keys."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.artifact_kms_key_arn))
    error_message = "The ARN of one KMS key is needed, not of an alias."
  }
}

# Not sensitive: it is the public half, and whoever reviews a change of signer has to see it.
variable "verify_key" {
  description = "Public key of the signer, base64 DER SPKI; several are separated by commas."
  type        = string
}

variable "identity" {
  description = "Service identity the artifact was packed for."
  type        = string
}

variable "service_environment" {
  description = "Environment the artifact was packed for."
  type        = string
  default     = "production"
}

variable "cache_ttl" {
  description = "Seconds to serve without a successful refresh; 0 asks KMS for every request."
  type        = number
  default     = 300
}
