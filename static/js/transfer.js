/* A large file in parts: what arrived stays when the line breaks, and the rest follows by itself, also after
   the page was opened anew and the same file chosen again. Pages say what is shown; nothing here draws. */
(function () {
  "use strict";

  const drafts = window.portalDrafts;
  const smallest = 64 * 1024; /* bytes of a part on a bad line */
  const waits = [1, 2, 4, 8, 15, 30]; /* seconds; the last again and again */
  const patience = 20; /* tries in a row that bring nothing */

  class Failure extends Error {
    /* `kind`: line (worth another try), session, gone, cancelled, refused; `again`: the person may try again. */
    constructor(kind, text, again) {
      super(text || "");
      this.kind = kind;
      this.again = Boolean(again);
    }
  }

  const store = {
    get: (name) => { try { return JSON.parse(sessionStorage.getItem(name)); } catch (error) { return null; } },
    put: (name, value) => { try { sessionStorage.setItem(name, JSON.stringify(value)); } catch (error) { /* full */ } },
    drop: (name) => { try { sessionStorage.removeItem(name); } catch (error) { /* switched off */ } },
  };

  async function isReadable(file) {
    try {
      await file.slice(0, 1).arrayBuffer();
      return true;
    } catch (error) {
      return false;
    }
  }

  /* `options`: url and fields that announce the file, scope (what the same file chosen again must share),
     onProgress(bytes), onWait(seconds), onBack(). */
  function start(file, options) {
    const name = ["spbe-unggahan", drafts.user, options.scope, file.name, file.size, file.lastModified].join(":");
    let xhr = null;
    let wake = null;
    let isCancelled = false;
    let upload = null; /* as the server describes it */
    let step = 0;

    function stopIfCancelled() {
      if (isCancelled) throw new Failure("cancelled", "Pengunggahan dibatalkan.", true);
    }

    function once(method, url, body, onProgress) {
      return new Promise((resolve, reject) => {
        xhr = new XMLHttpRequest();
        xhr.open(method, url);
        xhr.setRequestHeader("X-CSRFToken", drafts.token());
        xhr.setRequestHeader("X-Requested-With", "XMLHttpRequest");
        xhr.setRequestHeader("X-Portal-User", drafts.user);
        xhr.setRequestHeader("Accept", "application/json");
        if (body instanceof Blob) xhr.setRequestHeader("Content-Type", "application/octet-stream");
        xhr.responseType = "json";
        xhr.timeout = 120000;
        if (onProgress) xhr.upload.addEventListener("progress", (event) => onProgress(event.loaded));
        xhr.addEventListener("load", () => resolve({ status: xhr.status, data: xhr.response || {} }));
        ["error", "timeout", "abort"].forEach((kind) => xhr.addEventListener(kind, () => reject(new Failure("line"))));
        xhr.send(body);
      });
    }

    /* One request and what its answer means; a token that ran out is renewed first. */
    async function call(method, url, body, onProgress) {
      stopIfCancelled();
      let answer = await once(method, url, body, onProgress);
      if (answer.status === 403 && answer.data.code === "csrf") {
        const session = await drafts.session().catch(() => { throw new Failure("line"); });
        if (session.isMine) answer = await once(method, url, body, onProgress);
      }
      const { status, data } = answer;
      if (status >= 500 || status === 408 || status === 429 || status === 0) throw new Failure("line");
      if (data.code === "other_user") throw new Failure("refused", data.detail, true);
      if (status === 401 || data.code === "csrf") throw new Failure("session", "", true);
      return answer;
    }

    function pause(seconds) {
      return new Promise((resolve) => {
        const timer = setTimeout(() => wake(), seconds * 1000);
        wake = () => {
          clearTimeout(timer);
          window.removeEventListener("online", wake);
          resolve();
        };
        window.addEventListener("online", wake);
      });
    }

    /* The act, again and again while only the line is at fault. Counts the tries for it. */
    async function persist(act) {
      for (let tries = 0; ; tries++) {
        try {
          const answer = await act(tries);
          if (tries && options.onBack) options.onBack();
          return answer;
        } catch (error) {
          stopIfCancelled();
          if (error.kind !== "line") throw error;
          if (!(await isReadable(file))) {
            throw new Failure("refused", "Berkas ini berubah atau tidak dapat dibaca lagi. Pilih kembali berkasnya.");
          }
          if (tries + 1 >= patience) {
            throw new Failure("line", "Sambungan terputus. Tekan Coba lagi setelah tersambung; yang sudah terkirim tidak diulang.", true);
          }
          const seconds = waits[Math.min(tries, waits.length - 1)];
          if (options.onWait) options.onWait(seconds);
          await pause(seconds);
          stopIfCancelled();
        }
      }
    }

    async function begin() {
      const known = store.get(name);
      if (known) {
        const answer = await persist(() => call("GET", known.url));
        if (answer.status === 200 && answer.data.size === file.size) return answer.data;
        store.drop(name);
      }
      const body = new FormData();
      Object.entries({ ...options.fields, name: file.name, size: file.size }).forEach(([key, value]) => body.append(key, value));
      const { status, data } = await persist(() => call("POST", options.url, body));
      if (status !== 201) throw new Failure("refused", data.detail || "Berkas tidak dapat diterima.", status === 409);
      store.put(name, { url: data.url });
      return data;
    }

    async function sendPart() {
      const { status, data } = await persist(async (tries) => {
        if (tries) step = Math.max(smallest, step / 2);
        const from = upload.received;
        const part = file.slice(from, Math.min(file.size, from + step));
        return call("POST", upload.url + "?offset=" + from, part, (sent) => options.onProgress(Math.min(file.size, from + sent)));
      });
      if (status === 404) throw new Failure("gone");
      if (status !== 200 && data.code !== "offset") throw new Failure("refused", data.detail || "Berkas tidak dapat diterima.", true);
      upload = data; /* also where it says to go on elsewhere */
      step = Math.min(upload.part_size, step * 2);
      options.onProgress(upload.received);
    }

    async function run() {
      for (let round = 0; round < 3; round++) {
        upload = await begin();
        step = step || upload.part_size;
        options.onProgress(upload.received);
        try {
          while (upload.received < file.size) await sendPart();
          return upload;
        } catch (error) {
          if (error.kind !== "gone") throw error;
          store.drop(name); /* swept away, or given up in another tab: from the beginning */
        }
      }
      throw new Failure("refused", "Berkas tidak dapat diterima. Coba lagi nanti.", true);
    }

    return {
      sent: run(),
      /* Hand the whole file to `url`; answers {status, data, tries}. */
      take(url, fields) {
        const body = new FormData();
        Object.entries({ ...fields, upload: upload.key }).forEach(([key, value]) => body.append(key, value));
        return persist(async (tries) => ({ ...(await call("POST", url, body)), tries: tries }));
      },
      forget() { store.drop(name); },
      name: () => upload.name,
      cancel() {
        isCancelled = true;
        const known = store.get(name);
        store.drop(name);
        if (xhr) xhr.abort();
        if (wake) wake();
        if (known) once("POST", known.url + "batal/").catch(() => {}); /* otherwise swept away in a day */
      },
    };
  }

  window.portalTransfer = { start: start };
})();
