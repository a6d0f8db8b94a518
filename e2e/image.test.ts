import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { afterAll, beforeAll, describe, expect, vi } from "vitest";
import { type Ended, runProgram } from "./command.js";
import { eventually } from "./eventually.js";
import { readArchive } from "./image-archive.js";
import { Container, USER } from "./image-container.js";
import { DEBIAN_PACKAGES, expectedEntries, PLATFORMS } from "./image-contents.js";
import { buildBinary, buildImage, containersWork, itWithContainers, podman } from "./image-stage.js";
import { workspace } from "./lambda-layer-stage.js";
import { inheritedNpm } from "./other-node.js";
import { temporaryFolder } from "./temporary-folder.js";

vi.setConfig({ testTimeout: 120_000 });

const SECRETS = { DB_PASSWORD: "the-password-of-the-database", API_KEY: "the-key-of-the-interface" };
const HEALTHCHECK = ["CMD", "/clef-agent", "health"];

const output = mkdtempSync(join(tmpdir(), "clef-agent-image-x64-"));
const archive = join(output, "clef-agent-linux-x64.tar");
const buildArguments = ["--only", "linux-x64", "--binaries", output];
const { version } = JSON.parse(readFileSync(join(workspace, "apps/agent/package.json"), "utf8"));
const image = `localhost/clef-agent:${version}`;
let built: Ended;

beforeAll(async () => {
	if (!containersWork) return;
	await buildBinary("linux-x64", output);
	built = await buildImage([...buildArguments, "--output", output, "--revision", "0123abcd"]);
	expect(await podman("load", "--input", archive)).toMatchObject({ status: 0 });
}, 300_000);

afterAll(() => rmSync(output, { recursive: true, force: true }));

describe("the image", () => {
	itWithContainers(
		"holds the command, the libraries and certificates it needs, and nothing else",
		async () => {
			const { configuration, entries } = await readArchive(archive);
			expect(configuration).toMatchObject({
				architecture: "amd64",
				os: "linux",
				created: "1970-01-01T00:00:00Z",
			});
			expect(entries).toEqual(expectedEntries(PLATFORMS.x64));
		},
	);

	itWithContainers("says what it is and how it runs", async () => {
		const { configuration } = await readArchive(archive);
		expect(configuration.config).toEqual({
			User: `${USER}:${USER}`,
			Env: [expect.stringMatching(/^PATH=/)],
			Entrypoint: ["/clef-agent"],
			WorkingDir: "/",
			StopSignal: "SIGTERM",
			Healthcheck: { Test: HEALTHCHECK, Interval: 10e9, Timeout: 3e9, StartPeriod: 10e9, Retries: 3 },
			Labels: {
				"org.opencontainers.image.title": "clef-agent",
				"org.opencontainers.image.description": "The sidecar that hands applications their secrets",
				"org.opencontainers.image.version": version,
				"org.opencontainers.image.revision": "0123abcd",
				"org.opencontainers.image.licenses": "MIT",
				"org.opencontainers.image.vendor": "clef-sh",
				"org.opencontainers.image.source": "https://github.com/clef-sh/clef-agent",
				"org.opencontainers.image.documentation":
					"https://github.com/clef-sh/clef-agent/blob/main/docs/install/image.md",
			},
		});
	});

	itWithContainers("comes with its digest, the Debian packages in it, and its size", async () => {
		const { digest } = await readArchive(archive);
		expect(readFileSync(join(output, "clef-agent-linux-x64.digest"), "utf8")).toBe(`${digest}\n`);
		const line = /^clef-agent-linux-x64\.tar +[\d.]+ MB [\d.]+ MB compressed (sha256:[0-9a-f]{64})\n$/;
		expect(line.exec(built.stdout)?.[1]).toBe(digest);
		const packages = readFileSync(join(output, "clef-agent-linux-x64.debian-packages"), "utf8");
		const names = packages
			.trimEnd()
			.split("\n")
			.map((text) => /^(\S+) \S+ (?:amd64|all)$/.exec(text)?.[1]);
		expect(names).toEqual(DEBIAN_PACKAGES);
	});

	itWithContainers("is the same bytes for another user in another zone", async () => {
		const again = temporaryFolder();
		const script = join(workspace, "scripts", "build-image.js");
		const command = [
			process.execPath,
			script,
			...buildArguments,
			"--output",
			again,
			"--revision",
			"0123abcd",
		];
		const strict = ["-c", 'umask 077; exec "$@"', "sh", ...command];
		expect(await runProgram("sh", strict, { env: { ...inheritedNpm(), TZ: "Asia/Tokyo" } })).toEqual(built);
		const copy = readFileSync(join(again, "clef-agent-linux-x64.tar"));
		expect(Buffer.compare(copy, readFileSync(archive))).toBe(0);
	});

	itWithContainers("has every library that the command needs, and no other", async () => {
		const { loader, triplet } = PLATFORMS.x64;
		const args = ["--rm", "--network", "none", "--entrypoint", `/${loader}`, image, "--list", "/clef-agent"];
		const { status, stdout } = await podman("run", ...args);
		const used = [...stdout.matchAll(/=> (\S+)/g)].map(([, path]) => path?.slice(1));
		const present = [...expectedEntries(PLATFORMS.x64)]
			.filter(([path]) => path.includes(triplet) && /\.so\.\d+$/.test(path))
			.map(([path]) => path);
		expect({ status, used: used.sort() }).toEqual({
			status: 0,
			used: present.filter((path) => !path.includes("/ld-linux")).sort(),
		});
	});
});
