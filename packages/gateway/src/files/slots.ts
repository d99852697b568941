/** Files that are wholly in memory at once, and listings, in one process. */
const slotsMax = 8;
/** Of them: one tenant leaves room to the others. */
const tenantSlotsMax = 4;

/** Who may hold a file in memory: at most 8 at once, at most 4 of one tenant. */
export class FileSlots {
  readonly #byTenant = new Map<string, number>();
  #taken = 0;

  /** Takes a slot for a tenant; false: there is none for it now. */
  take(tenantId: string): boolean {
    const own = this.#byTenant.get(tenantId) ?? 0;
    if (this.#taken >= slotsMax || own >= tenantSlotsMax) return false;
    this.#taken++;
    this.#byTenant.set(tenantId, own + 1);
    return true;
  }

  /** Gives back a slot that was taken for a tenant. */
  release(tenantId: string): void {
    const own = this.#byTenant.get(tenantId) ?? 0;
    if (own === 0) throw new RangeError("no slot of this tenant is taken");
    this.#taken--;
    if (own === 1) this.#byTenant.delete(tenantId);
    else this.#byTenant.set(tenantId, own - 1);
  }
}
