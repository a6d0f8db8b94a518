import { readFileSync } from "node:fs";
import { vectorKeys } from "@clef-sh/testkit/vectors";

const folder = new URL("../deploy/lambda/", import.meta.url);

/** What JSON, YAML and HCL files hold once they are read. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A mapping of them. */
export interface JsonObject {
	readonly [name: string]: Json;
}

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

/** The text with a mistake in it; a mistake that finds no place would otherwise prove nothing. */
export function planted(text: string, from: string, to: string): string {
	if (!text.includes(from)) throw new RangeError(`The example no longer holds ${JSON.stringify(from)}.`);
	return text.replace(from, () => to);
}

/** Whether a value is a mapping. */
export function isObject(value: Json | undefined): value is JsonObject {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a list. */
export function isList(value: Json | undefined): value is readonly Json[] {
	return Array.isArray(value);
}

/** A mapping, or an empty one where there is none. */
export function objectAt(value: Json | undefined): JsonObject {
	return isObject(value) ? value : {};
}

/** A list; a single value is a list of one, as in IAM policies. */
export function listAt(value: Json | undefined): readonly Json[] {
	if (value === undefined) return [];
	return isList(value) ? value : [value];
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
