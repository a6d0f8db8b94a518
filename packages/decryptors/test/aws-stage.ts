import { type AwsKmsKey, encryptWith } from "@clef-sh/testkit/aws-kms-key";
import { AwsKmsServer, type AwsKmsServerOptions } from "@clef-sh/testkit/aws-kms-server";
import { onTestFinished, vi } from "vitest";
import { AwsKeyUnwrapper } from "../src/aws-key-unwrapper.js";
import type { WrappedKey } from "../src/key-unwrapper.js";

/** Three attempts without pauses; no attempt of these tests is late by the clock. */
export const AT_ONCE = { attemptMs: 60_000, totalMs: 60_000, pauseMs: () => 0 };

/** A data key that is easy to recognise. */
export const DATA_KEY: Uint8Array = new Uint8Array(32).fill(42);

/** A running KMS with one key, this process's environment pointing at it. */
export async function awsStage(options?: AwsKmsServerOptions) {
	const kms = await AwsKmsServer.start(options);
	onTestFinished(() => kms.close());
	useEnvironment(kms.environment());
	const key = kms.key();
	return { kms, key, unwrapper: new AwsKeyUnwrapper(undefined, { pace: AT_ONCE }), wrapped: wrapWith(key) };
}

/** Sets the AWS variables for one test, and takes all others away. */
export function useEnvironment(variables: Readonly<Record<string, string>>): void {
	const others = Object.keys(process.env).filter((name) => name.startsWith("AWS_"));
	for (const name of others) vi.stubEnv(name, undefined);
	for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
	onTestFinished(() => void vi.unstubAllEnvs());
}

/** The data key as a packer would have wrapped it. */
export function wrapWith(key: AwsKmsKey, changes: Partial<WrappedKey> = {}): WrappedKey {
	const { algorithm = "SYMMETRIC_DEFAULT" } = changes;
	return { keyId: key.arn, wrappedKey: encryptWith(key, DATA_KEY, algorithm), algorithm, ...changes };
}
