import type { Agent } from "@clef-sh/core";

/** What waiting clients make the router ask of an agent. */
export type WatchedAgent = Pick<Agent, "open" | "status">;
