# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_gnt_cluster_global_optspecs
    string join \n state-dir= d/debug q/quiet v/verbose json h/help V/version
end

function __fish_gnt_cluster_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_gnt_cluster_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_gnt_cluster_using_subcommand
    set -l cmd (__fish_gnt_cluster_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -s V -l version -d 'Print version'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "init" -d 'Make a new cluster'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "import" -d 'Make a cluster from Ganeti\'s config.data or htools text'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "export" -d 'Print the cluster as config.data'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "backup" -d 'Write the cluster with its jobs to a file, while all goes on'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "restore" -d 'Make a cluster of a backup; it waits for its release'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "info" -d 'Show all that is known of the cluster'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "show" -d 'Show all that is known of the cluster'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "verify-config" -d 'Hold configuration, queue and reality against each other'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "queue" -d 'Close, open, stop or start the job queue'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "watcher" -d 'Start what should run and does not, and clear up; for cron'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "modify" -d 'Change the cluster\'s parameters'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "destroy" -d 'Forget the cluster with all its jobs'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "history" -d 'List who steered the queue, when and how'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "rename" -d 'Give the cluster another name'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "list-tags" -d 'List the tags of the cluster'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "add-tags" -d 'Add tags to the cluster'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "remove-tags" -d 'Remove tags from the cluster'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "search-tags" -d 'Find tags and whatever has them'
complete -c gnt-cluster -n "__fish_gnt_cluster_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand init" -l nodes -d 'How many nodes' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand init" -l instances -d 'How many instances' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand init" -s I -l default-iallocator -d 'Let this allocator choose where none is named with -I; built-in is the built-in placement' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand init" -l default-iallocator-params -d 'Options for every allocator: key=value,…, a key alone has no value' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand init" -l iallocator-search-path -d 'The directories in which allocators are looked for, in order' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand init" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand init" -l sample -d 'Fill it with nodes and instances to try things on'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand init" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand init" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand init" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand init" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand import" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand import" -l replace -d 'Put it in place of the cluster that is there'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand import" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand import" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand import" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand import" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand export" -s o -l output -d 'Write it to this file' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand export" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand export" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand export" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand export" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand export" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand backup" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand backup" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand backup" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand backup" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand backup" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand restore" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand restore" -l replace -d 'Put it in place of the cluster that is there, which is kept beside it'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand restore" -l accept-findings -d 'Restore it although verify-config finds it not in order'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand restore" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand restore" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand restore" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand restore" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand info" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand info" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand info" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand info" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand info" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand show" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand show" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand show" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand show" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand show" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand verify-config" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand verify-config" -l deep -d 'Check the archive as well, and every page of the database\'s file; takes the longer the more jobs there ever were'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand verify-config" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand verify-config" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand verify-config" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand verify-config" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand verify-config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and not __fish_seen_subcommand_from drain undrain hold release info help" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and not __fish_seen_subcommand_from drain undrain hold release info help" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and not __fish_seen_subcommand_from drain undrain hold release info help" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and not __fish_seen_subcommand_from drain undrain hold release info help" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and not __fish_seen_subcommand_from drain undrain hold release info help" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and not __fish_seen_subcommand_from drain undrain hold release info help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and not __fish_seen_subcommand_from drain undrain hold release info help" -f -a "drain" -d 'Take no more jobs'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and not __fish_seen_subcommand_from drain undrain hold release info help" -f -a "undrain" -d 'Take jobs again'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and not __fish_seen_subcommand_from drain undrain hold release info help" -f -a "hold" -d 'Start no more jobs; those that run go on'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and not __fish_seen_subcommand_from drain undrain hold release info help" -f -a "release" -d 'Start jobs again'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and not __fish_seen_subcommand_from drain undrain hold release info help" -f -a "info" -d 'Show the state of the queue'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and not __fish_seen_subcommand_from drain undrain hold release info help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from drain" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from drain" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from drain" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from drain" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from drain" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from drain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from undrain" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from undrain" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from undrain" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from undrain" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from undrain" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from undrain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from hold" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from hold" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from hold" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from hold" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from hold" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from hold" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from release" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from release" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from release" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from release" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from release" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from release" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from info" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from info" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from info" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from info" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from info" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "drain" -d 'Take no more jobs'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "undrain" -d 'Take jobs again'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "hold" -d 'Start no more jobs; those that run go on'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "release" -d 'Start jobs again'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "info" -d 'Show the state of the queue'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and not __fish_seen_subcommand_from run pause continue info help" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and not __fish_seen_subcommand_from run pause continue info help" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and not __fish_seen_subcommand_from run pause continue info help" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and not __fish_seen_subcommand_from run pause continue info help" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and not __fish_seen_subcommand_from run pause continue info help" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and not __fish_seen_subcommand_from run pause continue info help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and not __fish_seen_subcommand_from run pause continue info help" -f -a "run" -d 'Look once, start what should run and does not, archive old jobs'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and not __fish_seen_subcommand_from run pause continue info help" -f -a "pause" -d 'Do nothing for so long'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and not __fish_seen_subcommand_from run pause continue info help" -f -a "continue" -d 'End the pause'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and not __fish_seen_subcommand_from run pause continue info help" -f -a "info" -d 'Tell whether it is paused'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and not __fish_seen_subcommand_from run pause continue info help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from run" -l archive-age -d 'Archive jobs that ended so long ago' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from run" -l purge-age -d 'Delete archived jobs that ended so long ago' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from run" -l purge-export -d 'Append each to this file as a line of JSON before it is deleted' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from run" -l timeout -d 'Wait so long for the jobs that start instances (exit 4); they go on' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from run" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from run" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from run" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from pause" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from pause" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from pause" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from pause" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from pause" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from continue" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from continue" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from continue" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from continue" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from continue" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from continue" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from info" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from info" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from info" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from info" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from info" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from help" -f -a "run" -d 'Look once, start what should run and does not, archive old jobs'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from help" -f -a "pause" -d 'Do nothing for so long'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from help" -f -a "continue" -d 'End the pause'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from help" -f -a "info" -d 'Tell whether it is paused'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand watcher; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand modify" -l max-running-jobs -d 'How many jobs run at once at most' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand modify" -l queue-limit -d 'How many unfinished jobs the queue holds at most' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand modify" -l simulator -d 'How long the simulator takes, in milliseconds: start=100,migrate=0' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand modify" -l verb-limit -d 'How long verbs may take, in milliseconds: look, start, stop, reboot, migrate, sync, storage, node, allocator' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand modify" -l runner-idle -d 'How many seconds a runner without work stays' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand modify" -s I -l default-iallocator -d 'Let this allocator choose where none is named with -I; built-in is the built-in placement' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand modify" -l default-iallocator-params -d 'Options for every allocator: key=value,…, a key alone has no value' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand modify" -l iallocator-search-path -d 'The directories in which allocators are looked for, in order' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand modify" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand modify" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand modify" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand modify" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand modify" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand modify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand destroy" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand destroy" -l yes-do-it -l ya-rly -d 'I know what this does'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand destroy" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand destroy" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand destroy" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand destroy" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand destroy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand history" -l limit -d 'Only the newest so many' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand history" -s o -l output -d 'Fields to show, separated by commas; +FIELDS adds to the usual ones' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand history" -l separator -d 'Put this between fields, and no padding' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand history" -l units -d 'Show sizes in h (readable), m, g or t' -r -f -a "h\t'Whichever reads best, with the unit\'s letter'
m\t'MiB'
g\t'GiB'
t\t'TiB'"
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand history" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand history" -l no-headers -d 'No line of titles'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand history" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand history" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand history" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand history" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand rename" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand rename" -l reason -d 'Why, kept with the job' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand rename" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand rename" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand rename" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand rename" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand rename" -l submit -d 'Submit and leave at once'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand rename" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand rename" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand rename" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand rename" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand rename" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand rename" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand rename" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand list-tags" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand list-tags" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand list-tags" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand list-tags" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand list-tags" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand list-tags" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand add-tags" -l from -d 'Those in this file as well, one a line; - is standard input' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand add-tags" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand add-tags" -l reason -d 'Why, kept with the job' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand add-tags" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand add-tags" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand add-tags" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand add-tags" -l submit -d 'Submit and leave at once'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand add-tags" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand add-tags" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand add-tags" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand add-tags" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand add-tags" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand add-tags" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand add-tags" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand add-tags" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand remove-tags" -l from -d 'Those in this file as well, one a line; - is standard input' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand remove-tags" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand remove-tags" -l reason -d 'Why, kept with the job' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand remove-tags" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand remove-tags" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand remove-tags" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand remove-tags" -l submit -d 'Submit and leave at once'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand remove-tags" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand remove-tags" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand remove-tags" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand remove-tags" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand remove-tags" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand remove-tags" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand remove-tags" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand remove-tags" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand search-tags" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand search-tags" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand search-tags" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand search-tags" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand search-tags" -l json -d 'Print one JSON document'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand search-tags" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "init" -d 'Make a new cluster'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "import" -d 'Make a cluster from Ganeti\'s config.data or htools text'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "export" -d 'Print the cluster as config.data'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "backup" -d 'Write the cluster with its jobs to a file, while all goes on'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "restore" -d 'Make a cluster of a backup; it waits for its release'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "info" -d 'Show all that is known of the cluster'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "verify-config" -d 'Hold configuration, queue and reality against each other'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "queue" -d 'Close, open, stop or start the job queue'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "watcher" -d 'Start what should run and does not, and clear up; for cron'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "modify" -d 'Change the cluster\'s parameters'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "destroy" -d 'Forget the cluster with all its jobs'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "history" -d 'List who steered the queue, when and how'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "rename" -d 'Give the cluster another name'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "list-tags" -d 'List the tags of the cluster'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "add-tags" -d 'Add tags to the cluster'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "remove-tags" -d 'Remove tags from the cluster'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "search-tags" -d 'Find tags and whatever has them'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and not __fish_seen_subcommand_from init import export backup restore info verify-config queue watcher modify destroy history rename list-tags add-tags remove-tags search-tags help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "drain" -d 'Take no more jobs'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "undrain" -d 'Take jobs again'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "hold" -d 'Start no more jobs; those that run go on'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "release" -d 'Start jobs again'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "info" -d 'Show the state of the queue'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and __fish_seen_subcommand_from watcher" -f -a "run" -d 'Look once, start what should run and does not, archive old jobs'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and __fish_seen_subcommand_from watcher" -f -a "pause" -d 'Do nothing for so long'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and __fish_seen_subcommand_from watcher" -f -a "continue" -d 'End the pause'
complete -c gnt-cluster -n "__fish_gnt_cluster_using_subcommand help; and __fish_seen_subcommand_from watcher" -f -a "info" -d 'Tell whether it is paused'
