import { readFileSync } from "node:fs";

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

/** What a deployment could be given: the values that `iam-policy.json` and docs/kms/aws.md show. */
export const SAMPLE = {
	partition: "aws",
	functionName: "api",
	bucket: "acme-artifacts",
	key: "api/production.age.json",
	kmsKeyArn: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
	logGroups: "arn:aws:logs:eu-west-1:111122223333:log-group:",
} as const;
