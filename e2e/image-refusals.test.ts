import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { buildImage, itWithContainers } from "./image-stage.js";
import { shellProgram, workspaceCopy } from "./lambda-layer-stage.js";
import { itWith, type Part } from "./part.js";
import { temporaryFolder } from "./temporary-folder.js";

const ONLY = ["--only", "linux-x64"];
const TAKEN = "20261126T000000Z";
const PATH = "pool/main/n/nothing/nothing_1_amd64.deb";

const aptHelper: Part = { name: "apt's downloader", present: existsSync("/usr/lib/apt/apt-helper") };

/** Builds what must not be built, and returns the one line that says why. */
async function refusal(...[args, options]: Parameters<typeof buildImage>): Promise<string> {
	const { status, stdout, stderr } = await buildImage(args, options);
	expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
	expect(stderr).toMatch(/^[^\n]+\n$/);
	return stderr.trim();
}

describe("what is wrong is said in one sentence", () => {
	it("options", async () => {
		for (const args of [["--only", "arm64"], ["--outptu", "x"], ["linux-x64"], ["--output"]])
			expect(await refusal(args)).toMatch(
				/; use \[--binaries DIR\] \[--output DIR\] \[--only linux-x64\|linux-arm64\] \[--revision COMMIT\]\.$/,
			);
	});

	it("a folder that cannot be made", async () => {
		const file = join(temporaryFolder(), "file");
		writeFileSync(file, "");
		expect(await refusal([...ONLY, "--output", join(file, "images")])).toMatch(
			/^Could not build the images: ENOTDIR/,
		);
	});

	itWithContainers("a command that is not built, and no image from before is left", async () => {
		const output = temporaryFolder();
		writeFileSync(join(output, "clef-agent-linux-x64.tar"), "from before");
		const args = [...ONLY, "--binaries", temporaryFolder(), "--output", output];
		expect(await refusal(args)).toMatch(/clef-agent-linux-x64 is missing; run `npm run build:image`/);
		expect(readdirSync(output)).toEqual([]);
	});

	itWithContainers("a buildah that fails", async () => {
		const [bin, binaries] = [temporaryFolder(), temporaryFolder()];
		shellProgram(join(bin, "buildah"), "echo a lot; echo no room >&2; exit 125");
		for (const name of ["clef-agent-linux-x64", "clef-agent-linux-x64.LICENSES.txt"])
			writeFileSync(join(binaries, name), "");
		const env = { PATH: `${bin}${delimiter}${process.env.PATH}` };
		const said = await refusal([...ONLY, "--binaries", binaries, "--output", temporaryFolder()], { env });
		expect(said).toBe("buildah failed; is it installed, and may it run here? It says: no room");
	});
});

describe("a Debian package", () => {
	const bytes = "not a package, and yet the one that is pinned";

	/** A workspace that pins one package, and a stand-in for Debian that has these files. */
	async function stage(files: Readonly<Record<string, string>>) {
		const root = workspaceCopy({ cached: false });
		const sha256 = createHash("sha256").update(bytes).digest("hex");
		const one = { name: "nothing", version: "1", architecture: "amd64", sha256 };
		const packages = [{ ...one, url: `http://deb.debian.org/debian/${PATH}` }];
		writeFileSync(join(root, "deploy/docker/packages.json"), JSON.stringify({ taken: TAKEN, packages }));
		const requests: string[] = [];
		const proxy = createServer((request, response) => {
			const url = request.url ?? "";
			requests.push(url);
			const body = files[url];
			response.writeHead(body === undefined ? 404 : 200).end(body);
		});
		await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
		onTestFinished(() => void proxy.close());
		const configuration = join(temporaryFolder(), "apt.conf");
		const { port } = proxy.address() as AddressInfo;
		const own = 'Dir::Etc::Parts "/dev/null"; Dir::Etc::Main "/dev/null";';
		writeFileSync(
			configuration,
			`${own} Acquire::http::Proxy "http://127.0.0.1:${port}"; Acquire::Retries "0";\n`,
		);
		const cache = join(root, "node_modules/.cache/clef-debian");
		mkdirSync(cache, { recursive: true });
		const options = { root, env: { APT_CONFIG: configuration } };
		return { requests, cache, said: () => refusal([...ONLY, "--output", temporaryFolder()], options) };
	}

	const itWithApt = itWith(aptHelper);
	const [current, archived] = [
		`http://deb.debian.org/debian/${PATH}`,
		`http://snapshot.debian.org/archive/debian/${TAKEN}/${PATH}`,
	];

	itWithApt("that is not the pinned one gets into no image", async () => {
		const { requests, cache, said } = await stage({ [current]: "changed", [archived]: "changed too" });
		expect(await said()).toBe(
			"Could not get nothing 1 for amd64 from Debian, or it is not the one whose hash is pinned; " +
				"if Debian has a newer one, run `npm run image:packages`.",
		);
		expect(requests).toEqual([current, archived]);
		expect(readdirSync(cache)).toEqual([]);
	});

	itWithApt("that Debian has replaced is taken from its archive", async () => {
		const { requests, cache, said } = await stage({ [archived]: bytes });
		expect(await said()).toMatch(/^Could not unpack a Debian package: /);
		expect(requests).toEqual([current, archived]);
		expect(readdirSync(cache)).toHaveLength(1);
	});

	itWithApt("that has been changed in the cache is fetched again", async () => {
		const { requests, cache, said } = await stage({ [current]: bytes });
		const sha256 = createHash("sha256").update(bytes).digest("hex");
		writeFileSync(join(cache, `${sha256}.deb`), "changed");
		expect(await said()).toMatch(/^Could not unpack a Debian package: /);
		expect(requests).toEqual([current]);
	});
});
