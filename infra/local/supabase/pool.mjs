// The connections on which requests are served: a pool that outlives PostgreSQL's restarts.
//
// kysely-postgres-js, which lite brings, borrows connections with the driver's `reserve()`. When the server dies under
// them, reserve() leaves entries behind that nobody ever answers, and the pool shrinks until every request hangs. And a
// client that reconnects by itself in the middle of a transaction would run the rest of it as the role postgres, without
// the visitor's role and claims. Here one client is one connection, and a connection that broke is never used again.

import { Kysely, PostgresAdapter, PostgresDriver, PostgresIntrospector, PostgresQueryCompiler } from "kysely";
import postgres from "postgres";

// Longer than a statement may last, so that it is the connection that failed and not the query.
const SILENCE_MS = 10_000;

export function poolOf(databaseUrl, { size, options }) {
  const pool = new Pool(() => new PooledConnection(databaseUrl, options), size);
  return new Kysely({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new PoolDriver(pool),
      createIntrospector: (kysely) => new PostgresIntrospector(kysely),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

class PooledConnection {
  constructor(databaseUrl, options) {
    this.broken = false;
    const onclose = () => {
      this.broken = true;
    };
    // Connects at the first query. No lifetime: it could end in the middle of a transaction.
    this.client = postgres(databaseUrl, { ...options, max: 1, max_lifetime: null, onclose });
  }

  async executeQuery({ sql, parameters }) {
    if (this.broken) throw lost();
    const result = await this.#unlessSilent(this.client.unsafe(sql, [...parameters]));
    const changed = /^(INSERT|UPDATE|DELETE|MERGE)$/.test(result.command);
    return { numAffectedRows: changed ? BigInt(result.count) : undefined, rows: [...result] };
  }

  close() {
    return this.client.end({ timeout: 1 });
  }

  // A client whose server dies while it connects may never tell.
  async #unlessSilent(answer) {
    let timer;
    const silence = new Promise((_, reject) => {
      timer = setTimeout(() => {
        this.broken = true;
        reject(lost());
      }, SILENCE_MS);
    });
    try {
      return await Promise.race([answer, silence]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function lost() {
  return Object.assign(new Error("the connection was lost"), { code: "CONNECTION_CLOSED" });
}

class Pool {
  #idle = [];
  #waiting = [];
  #opened = 0;

  constructor(open, size) {
    this.open = open;
    this.size = size;
  }

  async acquire() {
    const connection = this.#idle.pop();
    if (connection) return this.#sound(connection);
    if (this.#opened < this.size) {
      this.#opened += 1;
      return this.open();
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  release(connection) {
    const sound = this.#sound(connection);
    const next = this.#waiting.shift();
    if (next) next(sound);
    else this.#idle.push(sound);
  }

  async end() {
    await Promise.all(this.#idle.map((connection) => connection.close()));
  }

  #sound(connection) {
    if (!connection.broken) return connection;
    connection.close();
    return this.open();
  }
}

class PoolDriver extends PostgresDriver {
  constructor(pool) {
    super({});
    this.pool = pool;
  }

  async init() {}

  acquireConnection() {
    return this.pool.acquire();
  }

  async releaseConnection(connection) {
    this.pool.release(connection);
  }

  async destroy() {
    await this.pool.end();
  }
}
