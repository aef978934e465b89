// Runs before Streamlit's own scripts, on every page.

// Tells them where the server is. Left alone they look below a deep link first, which costs two
// failed requests and two errors in the console.
window.__streamlit = { BACKEND_BASE_URL: window.location.origin + "/" };

// Makes one step back one step. When a page is left, Streamlit adds an entry for it without its
// parameters before the entry of the new page; the new page takes that entry's place instead.
(() => {
  const push = history.pushState;
  let stripped = 0;
  history.pushState = function (state, title, url) {
    const to = new URL(url ?? "", window.location.href);
    const samePage = to.pathname === window.location.pathname;
    if (!samePage && Date.now() - stripped < 3000) {
      stripped = 0;
      return history.replaceState(state, title, url);
    }
    const fewer = to.search.length < window.location.search.length;
    stripped = samePage && fewer ? Date.now() : 0;
    return push.call(history, state, title, url);
  };
})();
