namespace Hugesim.Tests.WebConsole;

/// <summary>Scripts that look for what some people could not read or reach.</summary>
internal static class Readability
{
    /// <summary>Texts whose contrast with what is behind them is under 4.5, as WCAG 2 (AA) asks for text of this size.</summary>
    public const string PoorContrast = """
        () => {
          const rgb = text => (text.match(/[\d.]+/g) ?? []).map(Number);
          const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = element => {
            for (let e = element; e; e = e.parentElement) {
              const [r, g, b, a] = rgb(getComputedStyle(e).backgroundColor);
              if (a === undefined || a > 0.99) return [r, g, b];
            }
            return [255, 255, 255];
          };
          const found = [];
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const element = walker.currentNode.parentElement;
            if (!walker.currentNode.textContent.trim() || !element.checkVisibility() || element.closest('script, option, .skip, .hidden, :disabled')) continue;
            const style = getComputedStyle(element);
            const [a, b] = [light(rgb(element instanceof SVGElement ? style.fill : style.color)), light(behind(element))];
            const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (contrast < 4.5) found.push(`${element.tagName} '${walker.currentNode.textContent.trim()}': ${contrast.toFixed(2)}`);
          }
          return found;
        }
        """;

    /// <summary>Controls that have no name for those who do not see them.</summary>
    public const string WithoutName = """
        () => [...document.querySelectorAll('button, input, select, textarea, [role=listbox], [role=region], svg[role=img]')]
          .filter(e => !(e.getAttribute('aria-label') || e.labels?.[0]?.textContent.trim() || e.textContent.trim()))
          .map(e => e.outerHTML)
        """;
}
