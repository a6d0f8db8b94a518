import type { CacheFiles } from "../src/cache-files.js";
import { systemFiles } from "../src/cache-files.js";

type Operation = keyof CacheFiles | "write" | "sync";

/** The real file system, in which chosen operations fail as a broken disk makes them fail. */
export class FaultFiles {
	readonly #codes = new Map<Operation, string>();

	/** From now on this operation fails with this system code. */
	break(operation: Operation, code: string): void {
		this.#codes.set(operation, code);
	}

	repair(): void {
		this.#codes.clear();
	}

	readonly files: CacheFiles = {
		lstat: this.#guarded("lstat"),
		mkdir: this.#guarded("mkdir"),
		readdir: this.#guarded("readdir"),
		rename: this.#guarded("rename"),
		unlink: this.#guarded("unlink"),
		open: (async (...given: Parameters<CacheFiles["open"]>) => {
			this.#fail("open");
			const handle = await systemFiles.open(...given);
			const { sync, writeFile } = handle;
			return Object.assign(handle, {
				sync: async () => {
					this.#fail("sync");
					await sync.call(handle);
				},
				writeFile: async (data: Uint8Array | string) => {
					this.#fail("write");
					await writeFile.call(handle, data);
				},
			});
		}) as CacheFiles["open"],
	};

	#guarded<Name extends keyof CacheFiles>(name: Name): CacheFiles[Name] {
		const real = systemFiles[name] as (...given: unknown[]) => Promise<unknown>;
		const guarded = async (...given: unknown[]) => {
			this.#fail(name);
			return real(...given);
		};
		return guarded as unknown as CacheFiles[Name];
	}

	#fail(operation: Operation): void {
		const code = this.#codes.get(operation);
		if (code !== undefined) throw Object.assign(new RangeError(`${code}: made up`), { code });
	}
}
