import { expect, it } from "vitest";
import { loadSdk } from "../src/load-sdk.js";
import { refusal } from "./refusal.js";

/** What Node throws for a package that is not installed. */
const missing = () => import(["not", "installed", "here"].join("-"));

it("names one missing package and how to get it", async () => {
	const { code, message, retryable } = await refusal(() => loadSdk(["google-auth-library"], missing));
	expect({ code, retryable }).toEqual({ code: "PACK_KMS_FAILED", retryable: false });
	expect(message).toBe(
		"Packing for this KMS needs google-auth-library, which is not installed; run npm install google-auth-library.",
	);
});

it("names several", async () => {
	const { message } = await refusal(() => loadSdk(["@azure/keyvault-keys", "@azure/identity"], missing));
	expect(message).toMatch(
		/^Packing .* needs @azure\/keyvault-keys and @azure\/identity, which are not installed;/,
	);
});

it("hands on what was loaded, and other failures", async () => {
	expect(await loadSdk(["x"], async () => 7)).toBe(7);
	const broken = new TypeError("broken");
	await expect(loadSdk(["x"], () => Promise.reject(broken))).rejects.toBe(broken);
});
