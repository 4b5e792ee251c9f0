//! A plan as a table: which instance, from where, to where, how, or why not.

use comfy_table::{ContentArrangement, Table, presets};

use crate::lu::{PlanItem, UnmovableItem};

/// The table.
#[must_use]
pub fn render(plan: &[PlanItem], unmovable: &[UnmovableItem]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["Instance", "Role", "From", "To", "How"]);
    for item in plan {
        for (nr, step) in item.moves.iter().enumerate() {
            let name = if nr == 0 { item.instance.as_str() } else { "" };
            let how = item.ops.get(nr).map_or("", String::as_str);
            table.add_row([name, step.role.word(), &step.from, &step.to, &how_text(how)]);
        }
    }
    for item in unmovable {
        let why = format!("cannot move: {}", item.reason);
        table.add_row([item.instance.as_str(), "-", "-", "-", &why]);
    }
    // Each cell is padded by a space on either side.
    let lines = (table.lines()).map(|line| {
        line.strip_prefix(' ')
            .unwrap_or(&line)
            .trim_end()
            .to_owned()
            + "\n"
    });
    lines.collect()
}

/// `OP_INSTANCE_REPLACE_DISKS` as people say it.
fn how_text(op: &str) -> String {
    op.trim_start_matches("OP_INSTANCE_")
        .to_lowercase()
        .replace('_', " ")
}
