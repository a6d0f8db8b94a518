import { type FSWatcher, watch as fsWatch } from "node:fs";
import { dirname } from "node:path";
import { ABSENT, ofContent, ofIdentity, stamp, stampNow } from "./file-stamp.js";
import type { SourceTimers, Watch } from "./source.js";

/** Where the file system tells nothing (network mounts, some containers), this keeps a change under a second. */
const POLL_MS = 500;

/** One change is often several events: a rename, a new link, an old one removed. */
const SETTLE_MS = 50;

/**
 * Watches one path for new content, by file system events and by a slow poll.
 *
 * It watches the directory, not the file: an atomic rename or a Kubernetes `..data` swap replaces the file
 * itself. The directory may be missing, vanish and come back. The process is not kept alive by the events.
 */
export class FileWatch implements Watch {
	readonly #path: string;
	readonly #directory: string;
	readonly #onChange: () => void;
	readonly #timers: SourceTimers;
	#seen: string;
	#watcher: FSWatcher | undefined;
	#watched = ABSENT;
	#cancelPoll: (() => void) | undefined;
	#cancelSettle: (() => void) | undefined;
	#closed = false;

	constructor(path: string, onChange: () => void, timers: SourceTimers) {
		this.#path = path;
		this.#directory = dirname(path);
		this.#onChange = onChange;
		this.#timers = timers;
		this.#watchDirectory(stampNow(this.#directory, ofIdentity));
		this.#seen = stampNow(path, ofContent);
		this.#schedulePoll();
	}

	close(): void {
		this.#closed = true;
		this.#cancelPoll?.();
		this.#cancelSettle?.();
		this.#unwatchDirectory();
	}

	#schedulePoll(): void {
		this.#cancelPoll = this.#timers.setTimeout(() => void this.#poll(), POLL_MS);
	}

	async #poll(): Promise<void> {
		await this.#compare();
		const directory = await stamp(this.#directory, ofIdentity);
		if (this.#closed) return;
		if (this.#watcher === undefined || directory !== this.#watched) this.#watchDirectory(directory);
		this.#schedulePoll();
	}

	/** Not restarted by further events: a directory that is never quiet is still looked at. */
	#settle(): void {
		if (this.#closed) return;
		this.#cancelSettle ??= this.#timers.setTimeout(() => {
			this.#cancelSettle = undefined;
			void this.#compare();
		}, SETTLE_MS);
	}

	/** Events also come for other files of the directory; only a new stamp of ours is a change. */
	async #compare(): Promise<void> {
		const current = await stamp(this.#path, ofContent);
		if (this.#closed || current === this.#seen) return;
		this.#seen = current;
		this.#onChange();
	}

	#watchDirectory(identity: string): void {
		this.#unwatchDirectory();
		if (identity === ABSENT) return;
		try {
			this.#watcher = fsWatch(this.#directory, { persistent: false }, () => this.#settle());
			this.#watcher.on("error", () => this.#unwatchDirectory());
			this.#watched = identity;
		} catch {
			this.#unwatchDirectory(); // gone meanwhile, or no watches left in the system: the poll goes on
		}
	}

	#unwatchDirectory(): void {
		this.#watcher?.close();
		this.#watcher = undefined;
		this.#watched = ABSENT;
	}
}
