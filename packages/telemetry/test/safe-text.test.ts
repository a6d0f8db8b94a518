import fc from "fast-check";
import { expect, it } from "vitest";
import { withoutUrlSecrets } from "../src/safe-text.js";

it.each([
	["nothing to hide", "nothing to hide"],
	["GET https://user:pass@host/a?b=c#d failed.", "GET https://host/a failed."],
	["see http://host/a#d", "see http://host/a"],
	["http://token@host", "http://host"],
	["from s3://bucket/key to https://host/@scope/x", "from s3://bucket/key to https://host/@scope/x"],
	['"https://a?x" and "https://b?y"', '"https://a" and "https://b"'],
])("cuts %j", (text, safe) => {
	expect(withoutUrlSecrets(text)).toBe(safe);
});

it("leaves no userinfo, query or fragment of any web URL in a text", () => {
	fc.assert(
		fc.property(fc.string(), fc.webUrl(), fc.uuid(), fc.string(), (before, url, secret, after) => {
			const leaky = new URL(url);
			leaky.username = secret;
			leaky.password = secret;
			leaky.search = `?token=${secret}`;
			leaky.hash = secret;
			expect(withoutUrlSecrets(`${before} ${leaky.href} ${after}`)).not.toContain(secret);
		}),
	);
});
