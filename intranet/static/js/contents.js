// The contents list of the reading view follows the reader.
const contents = document.querySelector(".reading .contents");
const links = new Map([...(contents?.querySelectorAll("a[href^='#']") ?? [])].map((link) => [link.hash.slice(1), link]));

const follow = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(target.id).setAttribute("aria-current", "true");
    }
  },
  { rootMargin: "-10% 0px -70% 0px" },
);

for (const id of links.keys()) {
  const heading = id && document.getElementById(id);
  if (heading) follow.observe(heading);
}
