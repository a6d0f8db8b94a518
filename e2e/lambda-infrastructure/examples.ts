import { readFileSync } from "node:fs";
import { vectorKeys } from "@clef-sh/testkit/vectors";

const folder = new URL("../../deploy/lambda/", import.meta.url);

/** The text of a file of `deploy/lambda/`. */
export function example(path: string): string {
	return readFileSync(new URL(path, folder), "utf8");
}

/** The files of the Terraform example. */
export const TERRAFORM_FILES = ["main.tf", "variables.tf", "outputs.tf"] as const;

/** The text of the whole Terraform example, by file. */
export function terraformExample(): Record<string, string> {
	return Object.fromEntries(TERRAFORM_FILES.map((name) => [name, example(`terraform/${name}`)]));
}

/**
 * What a deployment could be given, by Terraform's name of the parameter; CloudFormation's is the same in Pascal
 * case. The values are those that `iam-policy.json` and the pages about KMS and S3 show.
 */
export const SAMPLE: Readonly<Record<string, string>> = {
	architecture: "arm64",
	artifact_bucket: "acme-artifacts",
	artifact_key: "api/production.age.json",
	artifact_kms_key_arn: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
	cache_ttl: "300",
	function_name: "api",
	identity: "api",
	layer_bucket: "acme-layers",
	layer_key: "clef-agent-lambda-arm64.zip",
	service_environment: "production",
	verify_key: vectorKeys.ed25519PublicKey,
};

/** The ARN of a log group of the sample deployment. */
export function logGroupArn(name: string): string {
	return `arn:aws:logs:eu-west-1:111122223333:log-group:${name}`;
}
