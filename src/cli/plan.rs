//! A plan as a table: which instance, from where, to where, how, or why not.

use comfy_table::{ContentArrangement, Table, presets};

use crate::lu::{PlanItem, UnmovableItem};
use crate::text::steers;

use super::verdict::Deed;

/// The table.
#[must_use]
pub fn render(plan: &[PlanItem], unmovable: &[UnmovableItem]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["Instance", "Role", "From", "To", "How"]);
    for item in plan {
        for (nr, step) in item.moves.iter().enumerate() {
            let how = item.ops.get(nr).map_or("", String::as_str);
            table.add_row([
                item.instance.as_str(),
                step.role.word(),
                &step.from,
                &step.to,
                &how_text(how),
            ]);
        }
    }
    let ops = plan.iter().flat_map(|item| &item.ops).map(String::as_str);
    let cannot = Deed::of(ops).cannot();
    for item in unmovable {
        let why = format!("{cannot}: {}", item.reason);
        table.add_row([item.instance.as_str(), "-", "-", "-", &why]);
    }
    // Each cell is padded by a space on either side.
    let lines = (table.lines()).map(|line| {
        line.strip_prefix(' ')
            .unwrap_or(&line)
            .trim_end()
            .replace(steers, "?")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allocator::Role;
    use crate::lu::Move;

    #[test]
    fn a_plan_says_who_goes_where_and_how_and_who_cannot() {
        let moved = |role, from: &str, to: &str| Move {
            role,
            from: from.into(),
            to: to.into(),
        };
        let plan = [PlanItem {
            instance: "inst1".into(),
            moves: vec![
                moved(Role::Primary, "node1", "node2"),
                moved(Role::Secondary, "node2", "node4"),
            ],
            ops: vec![
                "OP_INSTANCE_MIGRATE".into(),
                "OP_INSTANCE_REPLACE_DISKS".into(),
            ],
        }];
        let unmovable = [UnmovableItem {
            instance: "inst7".into(),
            reason: "no room".into(),
            hint: None,
        }];
        let text = render(&plan, &unmovable);
        let lines: Vec<&str> = text.lines().collect();
        // Every row names its instance, and the columns stand below each other.
        let from = lines[0].find("From").unwrap();
        assert!(lines[1].starts_with("inst1 ") && lines[2].starts_with("inst1 "));
        assert!(lines[1][from..].starts_with("node1") && lines[1].ends_with("migrate"));
        assert!(lines[2][from..].starts_with("node2") && lines[2].ends_with("replace disks"));
        assert!(lines[3].starts_with("inst7 ") && lines[3].ends_with("cannot move: no room"));
        assert_eq!(lines.len(), 4);
    }
}
