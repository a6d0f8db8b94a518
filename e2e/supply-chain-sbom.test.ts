import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
// @boundaries-ignore what scripts are made of is tested here too
import { sbomProblems } from "../scripts/sbom/check.js";
// @boundaries-ignore what scripts are made of is tested here too
import type { SpdxDocument } from "../scripts/sbom/document.js";
import { runProgram } from "./command.js";
import { temporaryFolder } from "./temporary-folder.js";

// Each test runs the script, some of them three times.
vi.setConfig({ testTimeout: 120_000 });

const script = fileURLToPath(new URL("../scripts/sbom.js", import.meta.url));
const agent = fileURLToPath(new URL("../apps/agent/", import.meta.url));
const notices = join(agent, "dist", "THIRD-PARTY-NOTICES.txt");
const EPOCH = "1700000000";

const NODE_VERSIONS = {
	node: "24.21.0",
	openssl: "3.5.8",
	uv: "1.52.1",
	ngtcp2: "",
	modules: "137",
	novel: "9.0",
};
const DEBIAN = {
	packages: [
		{ name: "libc6", version: "2.36-9+deb12u13", architecture: "amd64", sha256: "a".repeat(64) },
		{ name: "ca-certificates", version: "20230311", architecture: "all", sha256: "b".repeat(64) },
	],
};

/** A file in a folder of its own. */
function file(name: string, content: unknown): string {
	const path = join(temporaryFolder(), name);
	writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
	return path;
}

/** The list and its bytes, for a delivery with everything that such a list needs. */
async function sbom(kind: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
	const output = join(temporaryFolder(), "sbom", "list.spdx.json");
	const inputs = {
		npm: [],
		binary: ["--node-versions", file("versions.json", NODE_VERSIONS)],
		image: [
			"--node-versions",
			file("versions.json", NODE_VERSIONS),
			"--debian-packages",
			file("deb.json", DEBIAN),
		],
	}[kind];
	const all = ["--for", kind, ...(inputs ?? []), ...args, "--output", output];
	const ended = await runProgram(process.execPath, [script, ...all], {
		env: { SOURCE_DATE_EPOCH: EPOCH, ...env },
	});
	expect(ended).toMatchObject({ status: 0, stderr: "" });
	const bytes = readFileSync(output, "utf8");
	const document: SpdxDocument = JSON.parse(bytes);
	return { bytes, document };
}

/** The one line that says why there is no list. */
async function refusal(...args: string[]): Promise<string> {
	const output = join(temporaryFolder(), "list.spdx.json");
	const ended = await runProgram(process.execPath, [script, ...args, "--output", output], {
		env: { SOURCE_DATE_EPOCH: EPOCH },
	});
	expect(ended).toMatchObject({ status: 1, stdout: "" });
	expect(ended.stderr).toMatch(/^[^\n]+\.\n$/);
	return ended.stderr.trim();
}

function purls({ packages }: SpdxDocument): string[] {
	return packages.flatMap(({ externalRefs }) =>
		externalRefs.filter(({ referenceType }) => referenceType === "purl").map((ref) => ref.referenceLocator),
	);
}

function packageNamed({ packages }: SpdxDocument, name: string) {
	return packages.find((one) => one.name === name);
}

describe("the list of what is in a delivery", () => {
	it("npm: every bundled package with the hash it was installed by, and every built file", async () => {
		const { document } = await sbom("npm");
		expect(sbomProblems(document)).toEqual([]);
		const bundled = readFileSync(notices, "utf8").match(/^\S+ \d+\.\d+\.\d+\S* \(.+\)$/gm) ?? [];
		expect(bundled.length).toBeGreaterThan(50);
		for (const entry of bundled) {
			const [name = "", version = ""] = entry.split(" ");
			expect(purls(document)).toContain(`pkg:npm/${name.replace("@", "%40")}@${version}`);
		}
		expect(packageNamed(document, "@clef-sh/core")).toMatchObject({ licenseDeclared: "MIT" });
		expect(packageNamed(document, "@clef-sh/testkit")).toBeUndefined();
		const lock = readFileSync(new URL("../pnpm-lock.yaml", import.meta.url), "utf8");
		const age = packageNamed(document, "age-encryption");
		const hex = age?.checksums?.[0]?.checksumValue ?? "";
		expect(lock).toContain(`integrity: sha512-${Buffer.from(hex, "hex").toString("base64")}`);
		for (const { fileName, checksums } of document.files ?? []) {
			const hash = createHash("sha256")
				.update(readFileSync(join(agent, fileName)))
				.digest("hex");
			expect(checksums).toContainEqual({ algorithm: "SHA256", checksumValue: hash });
		}
		expect(document.files?.map(({ fileName }) => fileName)).toContain("./dist/clef-agent.js");
	});

	it("binary: Node.js and what it says it is made of, and the binary's own hash", async () => {
		const artifact = file("clef-agent-linux-x64", "binary");
		const { document } = await sbom("binary", ["--artifact", artifact]);
		expect(purls(document)).toEqual(
			expect.arrayContaining([
				"pkg:generic/node@24.21.0",
				"pkg:generic/openssl@3.5.8",
				"pkg:generic/novel@9.0",
			]),
		);
		const openssl = packageNamed(document, "openssl");
		expect(JSON.stringify(openssl)).toContain("cpe:2.3:a:openssl:openssl:3.5.8:*:*:*:*:*:*:*");
		expect(packageNamed(document, "novel")).toMatchObject({ licenseDeclared: "NOASSERTION" });
		for (const name of ["ngtcp2", "modules"]) expect(packageNamed(document, name)).toBeUndefined();
		const sha256 = createHash("sha256").update("binary").digest("hex");
		expect(packageNamed(document, "clef-agent")?.checksums).toEqual([
			{ algorithm: "SHA256", checksumValue: sha256 },
		]);
	});

	it("image: the Debian packages beside the binary", async () => {
		const { document } = await sbom("image");
		expect(purls(document)).toContain("pkg:deb/debian/libc6@2.36-9%2Bdeb12u13?arch=amd64");
		expect(packageNamed(document, "clef-agent-image")).toMatchObject({ primaryPackagePurpose: "CONTAINER" });
		expect(document.relationships).toContainEqual({
			spdxElementId: packageNamed(document, "clef-agent-image")?.SPDXID,
			relationshipType: "CONTAINS",
			relatedSpdxElement: packageNamed(document, "clef-agent")?.SPDXID,
		});
	});

	it.each(["npm", "binary", "image"])(
		"%s: the same input gives the same bytes, at any time",
		async (kind) => {
			const { bytes, document } = await sbom(kind);
			expect((await sbom(kind)).bytes).toBe(bytes);
			expect(document.creationInfo.created).toBe("2023-11-14T22:13:20Z");
			const later = await sbom(kind, [], { SOURCE_DATE_EPOCH: "1700000001" });
			expect(later.bytes).toBe(bytes.replace("2023-11-14T22:13:20Z", "2023-11-14T22:13:21Z"));
		},
	);
});

describe("no list is written from", () => {
	it("notices with a package that was never installed", async () => {
		const planted = file("notices.txt", "left-pad 1.3.0 (WTFPL)\n");
		expect(await refusal("--for", "npm", "--notices", planted)).toMatch(
			/names left-pad 1\.3\.0, which is not in pnpm-lock\.yaml; build again\.$/,
		);
	});

	it("a licence that SPDX does not know", async () => {
		const text = readFileSync(notices, "utf8").replace(/^(age-encryption \S+) \(.+\)$/m, "$1 (Free Beer)");
		expect(await refusal("--for", "npm", "--notices", file("notices.txt", text))).toMatch(/"Free Beer"/);
	});

	it.each([
		["nothing", "", /^Could not read .+; write it with/],
		["a list", '["24"]', /does not say which Node\.js it is of/],
		["no text", '{"node": 24}', /^Could not read /],
	])("Node.js versions with %s", async (_what, content, expected) => {
		const versions = file("versions.json", content);
		expect(await refusal("--for", "binary", "--node-versions", versions)).toMatch(expected);
	});

	it.each([
		{},
		{ packages: [] },
		{ packages: [{ name: "libc6" }] },
		{ packages: [null] },
		"",
		"libc6 2.36-9\n",
		"libc6 2.36-9 amd64 more\n",
	])("Debian packages that say too little: %j", async (content) => {
		const node = ["--node-versions", file("versions.json", NODE_VERSIONS)];
		expect(await refusal("--for", "image", ...node, "--debian-packages", file("deb.json", content))).toMatch(
			/^Could not read .+ each line must be/,
		);
	});

	it.each([
		[["--for", "rpm"], /^Say for what the list is; use --for npm\|binary\|image/],
		[["--for", "binary"], /^The binary holds Node\.js, so --node-versions must say which; use/],
		[["--for", "image", "--node-versions", "x"], /^The image holds Debian packages/],
		[["--for", "npm", "--notices", "nowhere"], /^There is no .*nowhere; build first/],
		[["--surprise"], /^Unknown option '--surprise'; use/],
	])("%j", async (args, expected) => {
		expect(await refusal(...args)).toMatch(expected);
	});
});

describe("the check finds", () => {
	let good: Promise<{ document: SpdxDocument }> | undefined;

	/** What is found in a good list after a change of it. */
	async function planted(change: (document: SpdxDocument) => void): Promise<string[]> {
		good ??= sbom("npm");
		const document = structuredClone((await good).document);
		change(document);
		return sbomProblems(document);
	}

	/** The element to plant in. */
	function one<T>(elements: readonly T[] | undefined): T {
		const last = elements?.at(-1);
		if (last === undefined) throw new RangeError("the list is empty");
		return last;
	}

	it.each<[string, RegExp, (document: SpdxDocument) => void]>([
		["another version of SPDX", /spdxVersion/, (d) => Object.assign(d, { spdxVersion: "SPDX-3.0" })],
		["another licence of the list", /dataLicense/, (d) => Object.assign(d, { dataLicense: "MIT" })],
		[
			"a namespace with a fragment",
			/documentNamespace/,
			(d) => Object.assign(d, { documentNamespace: "a:b#c" }),
		],
		[
			"a time with milliseconds",
			/created/,
			(d) => Object.assign(d.creationInfo, { created: "2023-11-14T22:13:20.000Z" }),
		],
		["no creator", /creators/, (d) => Object.assign(d.creationInfo, { creators: [] })],
		[
			"a bad identifier",
			/is no identifier/,
			(d) => Object.assign(one(d.packages), { SPDXID: "SPDXRef-a_b" }),
		],
		["a package twice", /is there twice/, (d) => d.packages.push(one(d.packages))],
		[
			"a package in nothing",
			/is part of nothing/,
			(d) => d.packages.push({ ...one(d.packages), SPDXID: "SPDXRef-x" }),
		],
		["a relationship to nothing", /in a relationship only/, (d) => d.packages.pop()],
		[
			"a relationship of another kind",
			/is no relationship/,
			(d) => Object.assign(one(d.relationships), { relationshipType: "LIKES" }),
		],
		["a relationship twice", /is there twice/, (d) => d.relationships.push(one(d.relationships))],
		[
			"a second thing described",
			/exactly one/,
			(d) =>
				Object.assign(one(d.relationships), {
					spdxElementId: "SPDXRef-DOCUMENT",
					relationshipType: "DESCRIBES",
				}),
		],
		[
			"an unknown licence",
			/SPDX does not know/,
			(d) => Object.assign(one(d.packages), { licenseDeclared: "Apache 2" }),
		],
		["no version", /no version/, (d) => Object.assign(one(d.packages), { versionInfo: "" })],
		[
			"a purl of nothing",
			/for a purl/,
			(d) => Object.assign(one(one(d.packages).externalRefs.slice(0, 1)), { referenceLocator: "pkg:npm/@" }),
		],
		[
			"a short hash",
			/for a SHA512/,
			(d) => Object.assign(one(one(d.packages).checksums), { checksumValue: "ab" }),
		],
		["a file without SHA1", /has no SHA1/, (d) => one(d.files).checksums.shift()],
		[
			"files without a verification code",
			/verification code/,
			(d) => Object.assign(one(d.packages), { filesAnalyzed: true }),
		],
	])("%s", async (_mistake, expected, change) => {
		expect((await planted(change)).join("\n")).toMatch(expected);
	});
});
