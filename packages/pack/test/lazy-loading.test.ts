import { expect, it, vi } from "vitest";
import { awsKms } from "./aws-stage.js";

const loaded = vi.hoisted(() => [] as string[]);

vi.mock("@aws-sdk/client-kms", (original) => {
	loaded.push("@aws-sdk/client-kms");
	return original();
});
vi.mock("google-auth-library", (original) => {
	loaded.push("google-auth-library");
	return original();
});
vi.mock("@azure/keyvault-keys", (original) => {
	loaded.push("@azure/keyvault-keys");
	return original();
});
vi.mock("@azure/identity", (original) => {
	loaded.push("@azure/identity");
	return original();
});

it("loads the SDK of a KMS with the first key it wraps and not before, and no other's", async () => {
	const kms = await awsKms();
	const { AwsKmsSigner, createKeyWrapper } = await import("../src/index.js");
	const wrapper = createKeyWrapper(kms.key().arn);
	createKeyWrapper("projects/p/locations/l/keyRings/r/cryptoKeys/k");
	createKeyWrapper("https://team.vault.azure.net/keys/k");
	new AwsKmsSigner("alias/signing");
	expect(loaded).toEqual([]);
	await wrapper.wrap(new Uint8Array(32));
	expect(loaded).toEqual(["@aws-sdk/client-kms"]);
});
