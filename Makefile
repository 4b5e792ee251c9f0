# Builds and installs the tools:
#
#     make
#     make install PREFIX=/usr/local DESTDIR=/tmp/image
#
# BUILT says where the programs are that are installed.

PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo
INSTALL ?= install
BUILT ?= target/release

TOOLS = gnt-cluster gnt-debug gnt-group gnt-instance gnt-job gnt-node gnt-runner
# They say in a line that they are left out.
OTHERS = gnt-network gnt-os
# The runner starts them, from where it is itself.
DRIVERS = gnt-libvirt
UNITS = gnt-runner.service gnt-watcher.service gnt-watcher.timer

bin = $(DESTDIR)$(PREFIX)/bin
share = $(DESTDIR)$(PREFIX)/share
units = $(DESTDIR)$(PREFIX)/lib/systemd/system

.PHONY: all install uninstall

all:
	$(CARGO) build --locked --release --bins

install:
	$(INSTALL) -d $(bin) $(units) $(share)/man/man8 $(share)/doc/gnt/schema \
	    $(share)/bash-completion/completions $(share)/zsh/site-functions \
	    $(share)/fish/vendor_completions.d
	$(INSTALL) -m 755 $(addprefix $(BUILT)/,$(TOOLS) $(OTHERS) $(DRIVERS)) $(bin)
	$(INSTALL) -m 644 man/*.8 $(share)/man/man8
	for tool in $(filter-out gnt-runner,$(TOOLS)); do \
	    $(INSTALL) -m 644 completions/$$tool $(share)/bash-completion/completions && \
	    $(INSTALL) -m 644 completions/_$$tool $(share)/zsh/site-functions && \
	    $(INSTALL) -m 644 completions/$$tool.fish $(share)/fish/vendor_completions.d || exit 1; \
	done
	for unit in $(UNITS); do \
	    sed 's|/usr/bin|$(PREFIX)/bin|' packaging/$$unit >$(units)/$$unit && \
	    chmod 644 $(units)/$$unit || exit 1; \
	done
	$(INSTALL) -m 644 README.md CHANGELOG.md LICENSE packaging/gnt.cron docs/*.md $(share)/doc/gnt
	$(INSTALL) -m 644 docs/schema/*.json $(share)/doc/gnt/schema

uninstall:
	rm -f $(addprefix $(bin)/,$(TOOLS) $(OTHERS) $(DRIVERS)) $(addprefix $(units)/,$(UNITS))
	rm -f $(addprefix $(share)/man/man8/,$(addsuffix .8,$(TOOLS)))
	for tool in $(TOOLS); do \
	    rm -f $(share)/bash-completion/completions/$$tool $(share)/zsh/site-functions/_$$tool \
	        $(share)/fish/vendor_completions.d/$$tool.fish; \
	done
	rm -rf $(share)/doc/gnt
