import Basis
public import Metrics

/// The page of a run that goes on: the same charts and tables as `report.html`, made anew for each second that somebody
/// watches, and controls for the run.
///
/// The frame has no figures and never changes. Its script asks for the content, and puts it in place of the former one.
public enum LivePage {
    /// What of the load can be changed.
    public struct Controls: Hashable, Sendable {
        /// Nil: the number of agents cannot change.
        public var maxAgents: Int?
        public var changesPace: Bool
        public var paceRange: ClosedRange<Double>
        public var maxName: Int

        public init(maxAgents: Int?, changesPace: Bool, paceRange: ClosedRange<Double>, maxName: Int) {
            self.maxAgents = maxAgents
            self.changesPace = changesPace
            self.paceRange = paceRange
            self.maxName = maxName
        }
    }

    /// The paths of the page, below which the script finds everything.
    public static let contentPath = "/content"
    public static let commandPath = "/command/"

    /// The frame of the page.
    public static func frame(_ title: String, _ controls: Controls) -> String {
        PageShell.html(
            title: "\(title) · live",
            body: """
                \(form(controls))
                <p id="status" class="quiet" role="status">waiting for the first figures</p>
                <div id="content"></div>
                """, script: PageShell.script + "\n" + script)
    }

    /// The script of the frame, for a header that allows just this one.
    public static var frameScript: String { PageShell.script + "\n" + script }

    /// What the frame shows of a run at a moment, in UTF-8.
    /// - Parameter drawn: those of the moment before; none at first.
    public static func content(_ record: RunRecord, _ drawn: inout DrawnRows) -> [UInt8] {
        ReportPage.content(record, &drawn, isLive: true).bytes
    }

    private static func form(_ controls: Controls) -> String {
        let agents = controls.maxAgents.map {
            """
            <form data-command="agents"><label>Agents <input name="value" type="number" min="0" max="\($0)" \
            placeholder="0 … \($0)" required></label><button>Set</button>\
            <button type="button" data-command="agents">As planned</button></form>
            """
        }
        let (low, high) = (controls.paceRange.lowerBound, controls.paceRange.upperBound)
        let pace = """
            <form data-command="pace"><label>Pace, times the plan's <input name="value" type="number" \
            min="\(Figures.decimals(low, 1))" max="\(Figures.decimals(high, 1))" step="0.1" value="1" required></label>\
            <button>Set</button></form>
            """
        return """
            <div class="controls">
            <form data-command="mark"><label>Mark <input name="value" maxlength="\(controls.maxName)" required \
            placeholder="name of this moment"></label><button>Set</button></form>
            \(agents ?? "")\(controls.changesPace ? pace : "")
            <span><button type="button" data-command="drain" data-ask="End the run? The agents disconnect in order.">\
            Drain</button>
            <button type="button" data-command="abort" data-ask="End the run at once?" class="danger">Abort</button>\
            </span>
            <output id="answer"></output>
            </div>
            """
    }

    /// Asks for the content once a second while the page is visible, and sends commands. The token, where one is
    /// needed, is behind the # of the address, which browsers do not send.
    private static let script = """
        (() => {
          const find = id => document.getElementById(id);
          const content = find('content'), status = find('status'), answer = find('answer');
          const fields = location.hash.length > 1 ? { Authorization: 'Bearer ' + location.hash.slice(1) } : {};
          let version = '', failures = 0;
          const show = html => {
            const open = new Set([...content.querySelectorAll('details[open] > summary')].map(s => s.textContent));
            content.innerHTML = html;
            for (const summary of content.querySelectorAll('details > summary'))
              if (open.has(summary.textContent)) summary.parentElement.open = true;
          };
          const refresh = async () => {
            if (!document.hidden) {
              try {
                const response = await fetch('content?after=' + version, { headers: fields, cache: 'no-store' });
                failures = 0;
                if (response.status === 200) {
                  version = response.headers.get('X-Version');
                  show(await response.text());
                  status.textContent = '';
                } else if (response.status === 401) {
                  status.textContent = 'The token is missing or wrong: open the address that muster printed.';
                } else if (response.status === 503) {
                  status.textContent = 'waiting for the first figures';
                }
              } catch {
                if (++failures > 2)
                  status.textContent = 'The run has ended or cannot be reached; report.html in its results has all.';
              }
            }
            setTimeout(refresh, 1000);
          };
          const send = async (command, value) => {
            const query = value === undefined ? '' : '?value=' + encodeURIComponent(value);
            try {
              const response = await fetch('command/' + command + query,
                { method: 'POST', headers: { ...fields, 'X-Muster-Command': '1' } });
              answer.textContent = await response.text();
            } catch {
              answer.textContent = 'not sent: the run cannot be reached';
            }
          };
          for (const form of document.querySelectorAll('.controls form'))
            form.addEventListener('submit', event => {
              event.preventDefault();
              send(form.dataset.command, form.elements.value.value);
            });
          for (const button of document.querySelectorAll('button[data-command]'))
            button.addEventListener('click', () => {
              if (!button.dataset.ask || confirm(button.dataset.ask)) send(button.dataset.command);
            });
          refresh();
        })();
        """
}
