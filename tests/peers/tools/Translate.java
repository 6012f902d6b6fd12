import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.mirror.RemoteClusterUtils;

/**
 * What MirrorMaker 2's own client makes of a group's checkpoints.
 *
 * <p>Translate BOOTSTRAP SOURCE GROUP: a line for each partition of the target cluster: topic, partition and offset.
 */
public final class Translate {
    private Translate() {}

    public static void main(String[] arguments) throws Exception {
        Map<String, Object> cluster = Map.of("bootstrap.servers", arguments[0]);
        Map<TopicPartition, OffsetAndMetadata> offsets =
                RemoteClusterUtils.translateOffsets(cluster, arguments[1], arguments[2], Duration.ofSeconds(30));
        offsets.forEach((place, offset) ->
                System.out.println(place.topic() + " " + place.partition() + " " + offset.offset()));
    }
}
