import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bitbucketAddress } from "../src/bitbucket-address.js";
import { bitbucketPlace } from "../src/bitbucket-place.js";
import { SourceError } from "../src/index.js";

const cloud = bitbucketAddress(undefined);
const place = (repo: string, ref?: string) =>
	bitbucketPlace({ repo, identity: "api", environment: "live", ...(ref !== undefined && { ref }) }, cloud);

describe("bitbucketPlace", () => {
	it.each([
		["acme/app", "acme", "app"],
		["ACME_2/my.app-1", "ACME_2", "my.app-1"],
		["~j.doe/app", "~j.doe", "app"],
		["{0f-1}/{2e-3}", "%7B0f-1%7D", "%7B2e-3%7D"],
		["acme/..app", "acme", "..app"],
	])("reads %s", (repo, owner, slug) => {
		expect(place(repo)).toMatchObject({ owner, slug, path: ".clef/packed/api/live.age.json" });
	});

	it.each([
		"",
		"acme",
		"acme/",
		"/app",
		"a/b/c",
		"../app",
		"acme/..",
		"./app",
		"acme/.",
		"acme/a?b",
		"acme/a#b",
		"acme/a%2e",
		"a b/c",
		"acme/app\n",
	])("refuses repository %j", (repo) => {
		expect(() => place(repo)).toThrow(/CLEF_AGENT_VCS_REPO/);
	});

	it.each(["main", "v1.2", "feature/a-b", "refs/heads/x", "50%#&+", "größe", "d".repeat(40)])(
		"takes ref %s",
		(ref) => {
			expect(place("acme/app", ref)).toMatchObject({
				ref,
				description: `bitbucket acme/app .clef/packed/api/live.age.json at ${ref}`,
			});
		},
	);

	it.each([
		"",
		"..",
		".",
		"a..b",
		"../x",
		"a/../b",
		"/a",
		"a/",
		"a//b",
		"-a",
		"a b",
		"a\nb",
		"a?b",
		"a*",
		"a:b",
	])("refuses ref %j", (ref) => {
		expect(() => place("acme/app", ref)).toThrow(/CLEF_AGENT_VCS_REF/);
	});

	it("refuses names that lead elsewhere", () => {
		const names = { repo: "acme/app", identity: "..", environment: "live" };
		expect(() => bitbucketPlace(names, cloud)).toThrow(SourceError);
	});

	it("lets no name out of its own part of an address", () => {
		const name = fc.string({ unit: "binary" });
		fc.assert(
			fc.property(name, name, (repo, ref) => {
				try {
					const { owner, slug, ref: checked = "" } = place(repo, ref);
					const path = `/2.0/repositories/${owner}/${slug}/src/${encodeURIComponent(checked)}/x`;
					expect(new URL(`https://host.example${path}`).pathname).toBe(path);
				} catch (error) {
					expect(error).toBeInstanceOf(SourceError);
				}
			}),
		);
	});
});
