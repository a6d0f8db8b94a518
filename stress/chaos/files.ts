import { lstat, mkdir, open, readdir, rename, unlink } from "node:fs/promises";
import type { CacheFiles } from "@clef-sh/core";

/** What goes wrong with a call of the file system. */
export type Fault = "ENOSPC" | "EROFS" | "EIO" | "EACCES" | "torn" | "hang";

/** Decides about each call; undefined lets it through. */
export type FaultPlan = (operation: string) => Fault | undefined;

type Handle = Awaited<ReturnType<CacheFiles["open"]>>;

/** Said by the file system itself. */
class SystemFault extends Error {
	readonly code: string;

	constructor(code: string) {
		super(`${code}: put in by the test`);
		this.code = code;
	}
}

const NEVER = new Promise<never>(() => undefined);

/** The real file system as one process has it, with faults put in; once the process is dead, no call ends. */
export class ProcessFiles {
	/** Calls that failed or hang because of the plan, ever. */
	injected = 0;
	plan: FaultPlan = () => undefined;
	#running = 0;
	#hanging: (() => void)[] = [];
	#isDead = false;
	readonly #handles: Set<Handle> = new Set();

	/** What an agent takes as `cacheFiles`. */
	get files(): CacheFiles {
		const through = <A extends unknown[], R>(name: string, call: (...args: A) => Promise<R>) => {
			return (...args: A): Promise<R> => this.#call(name, () => call(...args));
		};
		// The real functions have overloads that no wrapper can spell; the agent uses the plainest of each.
		return {
			lstat: through("lstat", (path: string) => lstat(path)),
			mkdir: through("mkdir", (path: string, options: object) => mkdir(path, options)),
			readdir: through("readdir", (path: string) => readdir(path)),
			rename: through("rename", rename),
			unlink: through("unlink", unlink),
			open: through("open", async (...args: Parameters<typeof open>) => this.#wrapped(await open(...args))),
		} as unknown as CacheFiles;
	}

	/** Whether a call is under way that will end by itself. */
	get isBusy(): boolean {
		return this.#running > 0;
	}

	get hanging(): number {
		return this.#hanging.length;
	}

	/** Lets every call that hangs go on. */
	resume(): void {
		for (const go of this.#hanging.splice(0)) go();
	}

	/** Ends the process: what has begun may still happen, nothing comes after it. */
	async kill(): Promise<void> {
		this.#isDead = true;
		this.#hanging = [];
		while (this.#running > 0) await new Promise<void>((resolve) => setImmediate(resolve));
		await Promise.all([...this.#handles].map((handle) => handle.close()));
	}

	async #call<R>(operation: string, run: () => Promise<R>, torn?: () => Promise<unknown>): Promise<R> {
		if (this.#isDead) return NEVER;
		const fault = this.plan(operation);
		if (fault !== undefined) this.injected += 1;
		if (fault === "hang") await new Promise<void>((resolve) => this.#hanging.push(resolve));
		else if (fault === "torn" && torn !== undefined) await this.#counted(torn);
		if (fault !== undefined && fault !== "hang") throw new SystemFault(fault === "torn" ? "EIO" : fault);
		const result = await this.#counted(run);
		return this.#isDead ? NEVER : result;
	}

	async #counted<R>(run: () => Promise<R>): Promise<R> {
		this.#running += 1;
		try {
			return await run();
		} finally {
			this.#running -= 1;
		}
	}

	#wrapped(handle: Handle): Handle {
		this.#handles.add(handle);
		const half = (data: Uint8Array | string) => data.slice(0, data.length >> 1);
		const calls = {
			stat: () => this.#call("stat", () => handle.stat()),
			sync: () => this.#call("sync", () => handle.sync()),
			readFile: () => this.#call("read", () => handle.readFile()),
			read: (buffer: Buffer, offset: number, length: number, position: number) =>
				this.#call("read", () => handle.read(buffer, offset, length, position)),
			writeFile: (data: Uint8Array) =>
				this.#call(
					"write",
					() => handle.writeFile(data),
					() => handle.writeFile(half(data)),
				),
			appendFile: (text: string) =>
				this.#call(
					"append",
					() => handle.appendFile(text),
					() => handle.appendFile(half(text)),
				),
			close: async () => {
				this.#handles.delete(handle);
				await this.#counted(() => handle.close());
			},
		};
		return calls as unknown as Handle;
	}
}
