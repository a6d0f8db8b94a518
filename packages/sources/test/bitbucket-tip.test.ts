import { behaviours } from "@clef-sh/testkit/servers";
import { printed } from "@clef-sh/testkit/source-conformance";
import { describe, expect, it } from "vitest";
import { createSource } from "../src/index.js";
import { BitbucketCloud, BODY, metaOf, NAMES, OTHER, poll, RAW } from "./bitbucket-cloud.js";
import { failure, modified, PATH, SECRETS, TOKEN } from "./bitbucket-stage.js";

describe("BitbucketTip", () => {
	const cloud = new BitbucketCloud();

	describe("finds the ref:", () => {
		it("remembers the default branch and looks it up anew when it is gone", async () => {
			const reader = cloud.source();
			const { validator } = await modified(reader);
			const tip = cloud.place.repository.resolve("main") ?? "";
			cloud.place.repository.branches.delete("main");
			cloud.place.repository.branches.set("trunk", tip);
			cloud.place.repository.defaultBranch = "trunk";
			cloud.requests();
			expect(await poll(reader, validator)).toEqual({ kind: "unmodified" });
			expect(cloud.requests()).toEqual([metaOf("main"), "?fields=mainbranch.name", metaOf("trunk")]);
			expect(await poll(reader, validator)).toEqual({ kind: "unmodified" });
			expect(cloud.requests()).toEqual([metaOf("trunk")]);
		});

		it("notices within the hour that another branch became the default", async () => {
			const reader = cloud.source();
			const { validator } = await modified(reader);
			cloud.place.repository.commit({ [PATH]: OTHER }, "trunk");
			cloud.place.repository.defaultBranch = "trunk";
			expect(await poll(reader, validator)).toEqual({ kind: "unmodified" });
			cloud.now += 3_600_000;
			expect(Buffer.from((await modified(reader, validator)).bytes)).toEqual(OTHER);
		});

		it("reads a default branch with a slash in its name", async () => {
			cloud.place.repository.commit({ [PATH]: OTHER }, "release/1");
			cloud.place.repository.defaultBranch = "release/1";
			expect(Buffer.from((await modified(cloud.source())).bytes)).toEqual(OTHER);
		});

		it.each(["feature/a/b", "refs/heads/feature/a/b", "refs/heads/flat", "flat", "50%#&+"])(
			"reads branch %s, with one request when nothing changed",
			async (ref) => {
				cloud.place.repository.commit({ [PATH]: OTHER }, ref.replace("refs/heads/", ""));
				const reader = cloud.source({ ref });
				const { bytes, validator } = await modified(reader);
				expect(Buffer.from(bytes)).toEqual(OTHER);
				cloud.requests();
				expect(await poll(reader, validator)).toEqual({ kind: "unmodified" });
				expect(cloud.requests()).toHaveLength(1);
			},
		);

		it.each(["v1", "release/v1", "refs/tags/release/v1"])("reads tag %s", async (ref) => {
			cloud.place.repository.tags.set(
				ref.replace("refs/tags/", ""),
				cloud.place.repository.resolve("main") ?? "",
			);
			cloud.place.repository.commit({ [PATH]: OTHER });
			const reader = cloud.source({ ref });
			const { bytes, validator } = await modified(reader);
			expect(Buffer.from(bytes)).toEqual(BODY);
			cloud.requests();
			expect(await poll(reader, validator)).toEqual({ kind: "unmodified" });
			expect(cloud.requests()).toHaveLength(1);
		});

		it("reads a commit by its id", async () => {
			const ref = cloud.place.repository.resolve("main") ?? "";
			cloud.place.repository.commit({ [PATH]: OTHER });
			expect(Buffer.from((await modified(cloud.source({ ref }))).bytes)).toEqual(BODY);
		});
	});

	describe("names what is wrong:", () => {
		it.each([
			["a missing repository", { repo: "acme/gone" }, "CLEF_AGENT_VCS_REPO"],
			["a missing repository, ref given", { repo: "acme/gone", ref: "main" }, "CLEF_AGENT_VCS_REPO"],
			["a wrong branch", { ref: "gone" }, "check CLEF_AGENT_VCS_REF."],
			["a wrong branch with a slash", { ref: "feature/gone" }, "check CLEF_AGENT_VCS_REF."],
			["a branch where a tag is named", { ref: "refs/tags/main" }, "check CLEF_AGENT_VCS_REF."],
			["a missing file", { environment: "gone" }, "CLEF_AGENT_VCS_ENVIRONMENT"],
			["a missing file, ref given", { ref: "main", identity: "gone" }, "CLEF_AGENT_VCS_IDENTITY"],
			[
				"a missing file on a branch with a slash",
				{ ref: "a/b", identity: "gone" },
				"CLEF_AGENT_VCS_IDENTITY",
			],
		])("%s", async (_, options, variable) => {
			cloud.place.repository.commit({}, "a/b");
			const error = await failure(cloud.source(options));
			expect(error).toMatchObject({ code: "SOURCE_NOT_FOUND", retryable: false });
			expect(error.message).toContain(variable);
		});

		it("an empty repository, and one whose default branch is gone", async () => {
			cloud.place.repository.branches.clear();
			expect((await failure(cloud.source())).message).toContain("no default branch");
			cloud.place.repository.defaultBranch = undefined;
			expect(await failure(cloud.source())).toMatchObject({ code: "SOURCE_NOT_FOUND" });
		});

		it("a default branch with a slash that is gone", async () => {
			cloud.place.repository.defaultBranch = "release/gone";
			expect((await failure(cloud.source())).message).toContain("no default branch");
		});

		it("a file that goes away between the metadata and the body", async () => {
			cloud.place.interpose([behaviours.status(404)], RAW);
			expect(await failure(cloud.source())).toMatchObject({ code: "SOURCE_NOT_FOUND" });
		});

		it("a directory in place of the file", async () => {
			cloud.place.repository.commit({ [PATH]: null, [`${PATH}/inner`]: BODY });
			const error = await failure(cloud.source());
			expect(error).toMatchObject({ code: "SOURCE_BAD_RESPONSE", retryable: false });
			expect(error.message).toContain("directory");
			expect(error.message).toContain("CLEF_AGENT_VCS_IDENTITY");
		});

		it.each(["lfs", "link", "subrepository"])(
			"T20 a file kept as %s is never followed",
			async (attribute) => {
				cloud.place.repository.commit({ [PATH]: { bytes: BODY, attributes: [attribute] } });
				expect(await failure(cloud.source())).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
				expect(cloud.requests().some((url) => RAW.test(url))).toBe(false);
			},
		);

		it("reads a file that is merely executable", async () => {
			cloud.place.repository.commit({ [PATH]: { bytes: BODY, attributes: ["executable"] } });
			expect(Buffer.from((await modified(cloud.source())).bytes)).toEqual(BODY);
		});

		it("T27 a wrong, an expired and a missing token, and one without the scope", async () => {
			const reader = cloud.source();
			const { validator } = await modified(reader);
			cloud.place.credentials.clear();
			const expired = await failure(reader, validator);
			expect(expired).toMatchObject({ code: "SOURCE_UNAUTHORIZED", retryable: false });
			expect(expired.message).toContain("CLEF_AGENT_VCS_TOKEN");
			cloud.place.credentials.add(`Bearer ${TOKEN}`);
			cloud.place.unscoped.add(`Bearer ${TOKEN}`);
			const unscoped = await failure(reader, validator);
			expect(unscoped).toMatchObject({ code: "SOURCE_UNAUTHORIZED" });
			expect(unscoped.message).toContain("CLEF_AGENT_VCS_TOKEN");
			for (const secret of SECRETS) expect(printed([expired, unscoped])).not.toContain(secret);
			const anonymous = { ...NAMES, apiUrl: cloud.place.url };
			expect((await failure(createSource(anonymous))).message).toContain("CLEF_AGENT_VCS_TOKEN");
			cloud.place.interpose([behaviours.status(401)]);
			expect((await failure(createSource(anonymous))).message).toContain("needs a token");
		});
	});
});
